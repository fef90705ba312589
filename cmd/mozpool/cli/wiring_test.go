package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestWiring: what is right is success; the rest is shown, and is none.
func TestWiring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		file, args string
		code       int
		says       string // on standard error
	}{
		{"wiring.txt", "rack check-wiring r1", ExitFailed, "1 relays are not as the inventory says"},
		{"wiring.json", "rack check-wiring r1 --relays 10.91.0.2:bank1:relay1 -o json", ExitOK, ""},
		{"learned.txt", "rack learn r1 --relays 10.91.0.2:bank1:relay1-3 --hardware panda", ExitOK, "1 of 3 relays tell no board for sure"},
	} {
		if code := w.run(t, strings.Fields(c.args)...); code != c.code || !strings.Contains(w.err.String(), c.says) {
			t.Errorf("%s: exit %d, %s", c.args, code, w.err.String())
		}
		golden(t, c.file, w.out.Bytes())
	}
	if code := w.run(t, "rack", "check-wiring", "r1", "--relays", "h:bank1:relay5-2"); code != ExitUsage {
		t.Errorf("a range backwards: exit %d", code)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	got, err := expand([]string{"h:bank2:relay7-8", "h:1:bank1", "h:bank1:relay3", "exec:/bin/x"})
	want := []string{"h:bank2:relay7", "h:bank2:relay8"}
	for _, n := range strings.Split("12345678", "") {
		want = append(want, "h:1:bank1:relay"+n)
	}
	if want = append(want, "h:bank1:relay3", "exec:/bin/x"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}
