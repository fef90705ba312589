package power

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	s, err := Parse("10.91.0.2:bank1:relay3")
	if err != nil || s.Key() != "10.91.0.2:2101" || s.String() != "10.91.0.2:2101:bank1:relay3" {
		t.Fatalf("%v, %v", s, err)
	}
	for _, in := range []string{"exec:cut 1", "http://u:secret@h/x", "https://h", "snmp://h", "ipmi://h", "redfish://h", "manual"} {
		_, err := Parse(in)
		if err == nil || !strings.Contains(err.Error(), "use a relay") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestNoRelayAndNonsense(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "has no relay",
		"h:bank9:relay1":   "bank 9",
		" h:bank1:relay1":  "write it as",
		"manually":         "write it as",
		"telnet://h:1/off": "write it as",
	} {
		if s, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", in, s, err, want)
		}
	}
}
