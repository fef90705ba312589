package server

import (
	"strings"
	"testing"
	"time"

	"mozpool/actors"
)

// What stands in boards.yaml is understood as the actors will.
func TestParsePower(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"": "", "manual": "", "10.91.0.2:bank1:relay1": "",
		"10.91.0.2:bank1:relay9": "relay 9",
		"exec:/bin/pdu 7":        "", "http://h/relay/0": "", "snmp://h/7": "not supported",
	} {
		err := ParsePower(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", line, err, want)
		}
	}
	for line, want := range map[string]actors.Switch{
		"Relay-1:bank2:relay3":       {Board: "relay-1:2101", Outlet: "bank2:relay3", Line: "relay-1:2101:bank2:relay3", Rest: 500 * time.Millisecond},
		"manual":                     {},
		"exec:/bin/pdu 7; can=cycle": {Board: "exec:/bin/pdu", Outlet: "/bin/pdu 7 cycle", Line: "exec:/bin/pdu 7; can=cycle", Cycles: true},
	} {
		if got, err := (relays{speed: 2}).Parse(line); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", line, got, err, want)
		}
	}
}
