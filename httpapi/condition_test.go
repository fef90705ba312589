package httpapi

import (
	"testing"

	"github.com/valyala/fasthttp"
)

// What the sender of an image believes is understood as one thing, or refused.
func FuzzCondition(f *testing.F) {
	for _, s := range [][2]string{{"*", ""}, {"", `"0123456789abcdef"`}, {"", "*"}, {"*", `"a"`}, {`"a"`, ""}, {"", `W/"a"`}, {"", `"a", "b"`}, {"", "`a`"}, {"", "'a'"}, {" * ", "\t"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, none, match string) {
		var c fasthttp.RequestCtx
		c.Request.Header.Set(fasthttp.HeaderIfNoneMatch, none)
		c.Request.Header.Set(fasthttp.HeaderIfMatch, match)
		r := &request{raw: &c}
		cond, err := r.condition()
		switch {
		case err != nil && problemOf(err).Status != 400:
			t.Errorf("%q, %q: %v", none, match, err)
		case err == nil && cond.New && cond.Revision != "":
			t.Errorf("%q, %q: both", none, match)
		case err == nil && !cond.New && cond.Revision == "" && (r.header("If-None-Match") != "" || r.header("If-Match") != ""):
			if trimmed(r.header("If-None-Match")) || trimmed(r.header("If-Match")) {
				t.Errorf("%q, %q: taken for none", none, match)
			}
		}
	})
}

// trimmed tells a header that says more than spaces.
func trimmed(text string) bool {
	for _, r := range text {
		if r != ' ' && r != '\t' {
			return true
		}
	}
	return false
}
