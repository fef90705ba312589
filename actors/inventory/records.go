package inventory

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mozpool/persistence/strictyaml"
)

// Record is one board as a source tells it, right or wrong.
type Record struct {
	Spec     Spec     // what could be read of it
	Problems []string // what is wrong with it, each with its remedy; empty: nothing is
}

// recordPath is the place of a problem that is one record's.
var recordPath = regexp.MustCompile(`^boards\[(\d+)\]`)

// Records is Parse for lists of which a part may be wrong: each record carries
// its own problems, and only what spoils the whole list is returned as such. No
// two records are compared; package plan does that.
func Records(source string, data []byte, power ParsePower) ([]Record, strictyaml.Problems) {
	var file boardsFile
	doc, problems := strictyaml.Decode(source, data, &file)
	c := checker{doc: doc, power: power, problems: problems, bad: make(map[string]bool)}
	for _, p := range problems {
		c.bad[p.Path] = true
	}
	records := make([]Record, len(file.Boards))
	for i, e := range file.Boards {
		records[i].Spec = e.spec(source)
		c.board(i, records[i].Spec)
	}
	var whole strictyaml.Problems
	for _, p := range c.problems {
		if i, ok := recordOf(p.Path, len(records)); ok {
			records[i].Problems = append(records[i].Problems, sentence(p))
			continue
		}
		whole.Add(p)
	}
	if len(whole) > 0 {
		return nil, whole
	}
	return records, nil
}

// Check says what is wrong with a board that no file describes: each problem
// begins with the field, and ends with the remedy. Fields that are in known are
// left out: what is wrong with them was said already.
func Check(s Spec, power ParsePower, known map[string]bool) []string {
	c := checker{doc: &strictyaml.Document{}, power: power, bad: make(map[string]bool)}
	c.board(0, s)
	c.problems.Sort()
	var out []string
	for _, p := range c.problems {
		field := strings.TrimPrefix(p.Path, "boards[0].")
		if known[field] {
			continue
		}
		text := field + ": " + p.What
		if p.Remedy != "" {
			text += "; " + p.Remedy
		}
		out = append(out, text)
	}
	return out
}

// recordOf is the index of the record that a problem's path lies in.
func recordOf(path string, records int) (int, bool) {
	m := recordPath.FindStringSubmatch(path)
	if m == nil {
		return 0, false
	}
	i, err := strconv.Atoi(m[1])
	return i, err == nil && i < records
}

// sentence says where in its record a problem is, what it is, and what to do.
func sentence(p strictyaml.Problem) string {
	text := fmt.Sprintf("line %d, %s: %s", p.Pos.Line, p.Path, p.What)
	if p.Remedy != "" {
		text += "; " + p.Remedy
	}
	return text
}
