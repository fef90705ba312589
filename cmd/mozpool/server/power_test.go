package server

import (
	"strings"
	"testing"
)

// A line that only --direct can drive must not be taken into boards.yaml: the
// board's power would fail at every try.
func TestParsePower(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"": "", "manual": "", "10.91.0.2:bank1:relay1": "",
		"10.91.0.2:bank1:relay9": "relay 9",
		"exec:/bin/pdu 7":        "drive relay boards only",
		"http://h/relay/0":       "drive relay boards only",
	} {
		err := ParsePower(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", line, err, want)
		}
	}
	sw, err := relays{}.Parse("Relay-1:bank2:relay3")
	if err != nil || sw.Manual() || sw.String() != "relay-1:2101:bank2:relay3" {
		t.Errorf("%v, %v", sw, err)
	}
}
