package span

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
		"7d": 168 * time.Hour, "-1h": -time.Hour, "36500d": 876000 * time.Hour, "876000h": 876000 * time.Hour} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{"": "write such as", "soon": "write such as", "-1d": "write such as", "1d2h": "write such as", "7": "write such as",
		"36501d": "at most 36500d", "99999d": "at most 36500d", "876001h": "at most", "-876001h": "at most", "99999999h": "99999999h is too long; at most 36500d, or 876000h"} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want an error with %q", text, got, err, want)
		}
	}
	if got, err := UpTo("8d", 7); err == nil || err.Error() != "8d is too long; at most 7d, or 168h, is taken" {
		t.Errorf("%v, %v", got, err)
	}
}
