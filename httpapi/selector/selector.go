// Package selector chooses boards by what they are: rack=r1,state=failed_boot.
//
// It decides which keys there are and when a board fits; both the server's bulk actions and the command line ask it, so
// that -l means the same everywhere. It refuses a selector that chooses by nothing it knows as a key of a board unless
// it can be a label, and one that is empty: all boards are chosen by saying so (name=*).
package selector

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Selector chooses boards. All keys have to fit; of several values of a key, one has to.
type Selector struct{ terms []term }

type term struct {
	key    string
	values []string // patterns as in file names; none: the label has to be there
}

// fields are what a selector can ask of a board beside its labels.
var fields = map[string]func(v1.Board) string{
	"name":     func(b v1.Board) string { return b.Name },
	"rack":     func(b v1.Board) string { return b.Rack },
	"state":    func(b v1.Board) string { return string(b.State) },
	"image":    func(b v1.Board) string { return b.Image },
	"hardware": func(b v1.Board) string { return b.Hardware },
	"power":    func(b v1.Board) string { return b.Power },
	"place":    func(b v1.Board) string { return b.Place },
	"wish":     func(b v1.Board) string { return string(b.Wish) },
}

// Parse reads KEY=VALUE,KEY=VALUE. Values may have * and ?; the same key again adds a value. state=failed is all of
// failed_…; KEY alone is a label that has to be there.
func Parse(text string) (Selector, error) {
	var s Selector
	if strings.TrimSpace(text) == "" {
		return s, fmt.Errorf("the selector is empty; write KEY=VALUE, such as rack=r1, or name=* for all boards")
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, exact := strings.Cut(strings.TrimSpace(part), "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if err := check(key, value, exact); err != nil {
			return Selector{}, err
		}
		s.add(key, value, exact)
	}
	return s, nil
}

func check(key, value string, exact bool) error {
	_, known := fields[key]
	switch {
	case key == "" || strings.ContainsAny(key, "!<>*? "):
		return fmt.Errorf("%q is no key of a selector; write KEY=VALUE,KEY=VALUE", key)
	case known && !exact:
		return fmt.Errorf("the selector says nothing of %s; write %s=VALUE", key, key)
	}
	if _, err := path.Match(value, ""); err != nil {
		return fmt.Errorf("%q is no pattern; write * and ? for what may differ", value)
	}
	if key == "state" && value != "failed" && !strings.ContainsAny(value, "*?[") && !board.State(value).Valid() {
		return fmt.Errorf("%q is no state; write one, such as failed_boot, or failed for all of failed_…", value)
	}
	return nil
}

func (s *Selector) add(key, value string, exact bool) {
	i := slices.IndexFunc(s.terms, func(t term) bool { return t.key == key })
	if i < 0 {
		s.terms = append(s.terms, term{key: key})
		i = len(s.terms) - 1
	}
	if key == "state" && value == "failed" {
		value = "failed_*"
	}
	if exact {
		s.terms[i].values = append(s.terms[i].values, value)
	}
}

// Fits says whether a board is chosen.
func (s Selector) Fits(b v1.Board) bool {
	return !slices.ContainsFunc(s.terms, func(t term) bool { return !t.fits(b) })
}

func (t term) fits(b v1.Board) bool {
	have, ok := "", true
	if of, known := fields[t.key]; known {
		have = of(b)
	} else {
		have, ok = b.Labels[t.key]
	}
	return ok && (len(t.values) == 0 || slices.ContainsFunc(t.values, func(v string) bool { return matches(v, have) }))
}

// matches is path.Match where a slash is a character like any other: images are named mozpool/self-test.
func matches(pattern, text string) bool {
	const other = "\x00"
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", other), strings.ReplaceAll(text, "/", other))
	return ok && err == nil
}

// IsGlob says whether a name is a pattern.
func IsGlob(name string) bool { return strings.ContainsAny(name, "*?[") }

// Names gives the boards that names and patterns mean, in the order of the boards, without repetition. missing are
// those that mean none.
func Names(all []v1.Board, names []string) (chosen []v1.Board, missing []string) {
	met := make([]bool, len(names))
	chosen = []v1.Board{} // none is a list too, in JSON
	for _, b := range all {
		found := false
		for i, n := range names {
			if n == b.Name || IsGlob(n) && matches(n, b.Name) {
				met[i], found = true, true
			}
		}
		if found {
			chosen = append(chosen, b)
		}
	}
	for i, n := range names {
		if !met[i] {
			missing = append(missing, n)
		}
	}
	return chosen, missing
}
