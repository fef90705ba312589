package netboot

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in, text string
		severity int
		stamped  bool
	}{
		{"<13>Nov 23 08:59:00 mozpool: hello", "mozpool: hello", 5, true},
		{"<11>1 2026-11-23T08:59:00Z host app - - - broke", "app: broke", 3, true},
		{"no header", "no header", 6, false},
		{"<999>x", "<999>x", 6, false},
		{"<13>", "", 5, false},
		{"<13>a\nb\x00", "a?b", 5, false},
		{"\xff\xfe", "?", 6, false},
	} {
		l := parseLine([]byte(c.in), now)
		if l.Text != c.text || l.Severity != c.severity || l.BoardAt.IsZero() == c.stamped {
			t.Errorf("%q: %+v", c.in, l)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"<13>Nov 23 08:59:00 a: b", "<11>1 2026-11-23T08:59:00Z h a - - - b", "<", "<1>1 ", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := parseLine(data, time.Unix(0, 0))
		if !utf8.ValidString(l.Text) || strings.ContainsAny(l.Text, "\n\r\x00") || l.Severity < 0 || l.Severity > 7 {
			t.Errorf("%q: %+v", data, l)
		}
	})
}

func TestTokensAreCut(t *testing.T) {
	t.Parallel()
	text := alive.String()
	if got, want := cutTokens("GET /b/"+text+"/kernel"), "GET /b/"+text[:4]+"…/kernel"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
