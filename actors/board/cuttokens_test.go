package board

import (
	"strings"
	"testing"
)

func TestTokensAreCut(t *testing.T) {
	t.Parallel()
	text := Token{0: 1, 15: 255}.String()
	short := text[:4] + "…"
	for _, c := range []struct{ in, want string }{
		{"GET /b/" + text + "/kernel", "GET /b/" + short + "/kernel"},
		{"MP_TOKEN=" + text, "MP_TOKEN=" + short},
		{"b%2F" + text + "%2Fkernel", "b%2F" + short + "%2Fkernel"},
		{strings.ToUpper(text) + " " + text, short + " " + short},
		{"a" + text, "a" + text}, {"no token", "no token"}, {"", ""},
	} {
		if got := CutTokens(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}
