package inventory

import "testing"

func TestConsole(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"tcp://ser1:4001": true, "tcp://[::1]:4001": true, "https://con.example/{name}?mac={mac}": true, "http://10.0.0.1/": true,
		"tcp://ser1": false, "tcp://ser1:0": false, "tcp://:4001": false, "tcp://ser1:99999": false, "ser1:4001": false, "telnet://x": false,
		"https://": false, "https://me:secret@con.example/": false, "https://con.example/\n": false,
	} {
		if err := checkConsole(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	s := Spec{Name: "a b", MAC: "52:54:00:00:00:01", Console: "https://con.example/{name}/{mac}"}
	if got := s.ConsoleURL(); got != "https://con.example/a%20b/52:54:00:00:00:01" {
		t.Error(got)
	}
	if _, ok := ConsoleAddress(s.Console); ok {
		t.Error("a page is read")
	}
}
