package power

import (
	"strings"
	"testing"
)

// The examples of RFC 7616, section 3.9.1, and of RFC 2069 with its erratum.
func TestDigestOfTheRFCs(t *testing.T) {
	t.Parallel()
	const (
		nonce  = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
		cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
		common = `Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="` + nonce + `", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	)
	for name, c := range map[string]struct{ challenge, password, response, also string }{
		"SHA-256": {common + ", algorithm=SHA-256", "Circle of Life", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "opaque="},
		"MD5":     {common + ", algorithm=MD5", "Circle of Life", "8ca523f5e9506fed4657c9700eebdbec", "nc=00000001"},
		"no qop":  {`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`, "CircleOfLife", "1949323746fe6a43ef61f9606e7febea", "uri="},
	} {
		got := digest(c.challenge, "Mufasa", c.password, "GET", "/dir/index.html", cnonce)
		if !strings.Contains(got, `response="`+c.response+`"`) || !strings.Contains(got, c.also) || strings.Contains(got, "Circle") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDigestBeforeBasic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		offers []string
		want   bool
	}{{nil, false}, {[]string{`Basic realm="x"`}, false}, {[]string{`Basic realm="x"`, `digest nonce="y"`}, true}} {
		if got := choose(c.offers); got == "" || isDigest(got) != c.want {
			t.Errorf("%q: %q", c.offers, got)
		}
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	h := &head{limit: 4}
	for _, part := range []string{"ab", "cd", "ef"} {
		if n, err := h.Write([]byte(part)); n != 2 || err != nil {
			t.Fatal(n, err) // a short write would stop the command
		}
	}
	if h.String() != "abcd" {
		t.Fatal(h)
	}
}

func TestLastWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]verb{"on": on, "OFF\n": off, "Chassis Power is on": on, `"off"`: off, "7: off.": off,
		"": "", "onwards": "", "on?": "", "on 7": ""} {
		if got := lastWord(text); got != want {
			t.Errorf("%q is %q; want %q", text, got, want)
		}
	}
}
