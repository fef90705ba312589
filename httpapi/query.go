package httpapi

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// query are the parameters behind the question mark, copied.
type query map[string][]string

// readQuery takes the parameters that a route knows. One that it does not know is refused: "stat=ready" would
// otherwise list all boards, and a program would go on with them.
func readQuery(c *fasthttp.RequestCtx, known []string) (query, error) {
	if len(c.URI().QueryString()) == 0 {
		return nil, nil
	}
	q := query{}
	for k, v := range c.QueryArgs().All() {
		name, value := string(k), string(v)
		switch {
		case !slices.Contains(known, name):
			return nil, bad(knownRemedy(known), "the parameter %q is not known here", name)
		case !utf8.ValidString(value):
			return nil, bad("send UTF-8", "the parameter %s is no text", name)
		case q[name] != nil && name != "label":
			return nil, bad("send it once", "the parameter %s is there twice", name)
		}
		q[name] = append(q[name], value)
	}
	return q, nil
}

func knownRemedy(known []string) string {
	if len(known) == 0 {
		return "leave it out: none are known here"
	}
	return "use " + strings.Join(known, ", ")
}

func (q query) text(name string) string {
	if len(q[name]) == 0 {
		return ""
	}
	return q[name][0]
}

// number reads a whole number from 1 to most, or d where the parameter is absent.
func (q query) number(name string, d, most int) (int, error) {
	text := q.text(name)
	if text == "" {
		return d, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, bad("send a whole number from 1 to "+strconv.Itoa(most), "the parameter %s is %q", name, text)
	}
	return n, nil
}

// flag reads 1 or true, 0 or false.
func (q query) flag(name string) (bool, error) {
	switch text := q.text(name); text {
	case "", "0", "false":
		return false, nil
	case "1", "true":
		return true, nil
	default:
		return false, bad("send 1 or 0", "the parameter %s is %q", name, text)
	}
}

// A cursor is the name of the last board of a page, packed so that nobody builds one by hand and the form can change.
const (
	cursorMark = "a:" // says what kind of cursor it is
	maxCursor  = 256
)

func packCursor(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorMark + name))
}

func openCursor(text string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	name, ok := strings.CutPrefix(string(raw), cursorMark)
	if err != nil || !ok || name == "" || len(text) > maxCursor || !utf8.ValidString(name) {
		return "", bad("send the next of the page before as it was, or none to begin anew", "the cursor is not one of ours")
	}
	return name, nil
}
