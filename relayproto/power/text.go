package power

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// head keeps the beginning of what is written to it and swallows the rest, so
// that a talkative command neither blocks nor fills memory.
type head struct {
	limit int
	kept  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}

func (h *head) String() string { return string(h.kept) }

const shownLimit = 200

// shown quotes what a switch said, cut, for an error.
func shown(text string) string {
	if len(text) > shownLimit {
		return fmt.Sprintf("%q and %d bytes more", text[:shownLimit], len(text)-shownLimit)
	}
	return fmt.Sprintf("%q", text)
}

// lastWord is on or off if that is how the text ends, as in "on" and "Chassis
// Power is on"; else empty.
func lastWord(text string) verb {
	all := strings.Fields(strings.ToLower(text))
	if len(all) == 0 {
		return ""
	}
	switch last := verb(strings.Trim(all[len(all)-1], `".`)); last {
	case on, off:
		return last
	default:
		return ""
	}
}

// secrets are texts that nobody is to see.
type secrets []string

// add takes a value and the forms in which it goes over the wire. Very short
// ones are left: hiding them would garble every text.
func (s secrets) add(value string) secrets {
	if len(value) < 3 {
		return s
	}
	s = append(s, value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value)))
	slices.SortFunc(s, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may hold another
	return slices.Compact(s)
}

func (s secrets) hide(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}
