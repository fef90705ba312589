package power

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// line is what stands behind a form: parts between semicolons, each either an
// option ("name=value") or, at most once and first, the subject of the line.
type line struct {
	subject string
	options map[string]string
	tidy    string // the parts as they are compared and shown
}

var optionName = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)*)=`)

// parseLine cuts text into its parts. allowed names all options.
func parseLine(text string, allowed ...string) (line, error) {
	parts, err := split(text)
	if err != nil {
		return line{}, err
	}
	l := line{options: make(map[string]string), tidy: strings.Join(parts, "; ")}
	for i, part := range parts {
		m := optionName.FindStringSubmatch(part)
		if m == nil {
			if i > 0 {
				return line{}, fmt.Errorf("part %d is no option; write name=value, with one of %s", i+1, strings.Join(allowed, ", "))
			}
			l.subject = part
			continue
		}
		name, value := m[1], strings.TrimSpace(part[len(m[0]):])
		switch {
		case name == "password" || name == "token":
			return line{}, fmt.Errorf("a %s does not belong in boards.yaml, which people read; use %s-file=/path or %s-env=NAME", name, name, name)
		case !slices.Contains(allowed, name):
			return line{}, fmt.Errorf("no option is called %q; there are %s", name, strings.Join(allowed, ", "))
		case value == "":
			return line{}, fmt.Errorf("%s= is empty; give it a value or leave it out", name)
		}
		if _, twice := l.options[name]; twice {
			return line{}, fmt.Errorf("%s= stands there twice; leave one out", name)
		}
		l.options[name] = value
	}
	return l, nil
}

// split cuts at semicolons outside quotes, and leaves empty parts out.
func split(text string) ([]string, error) {
	var parts []string
	var quote rune
	from := 0
	for i, c := range text + ";" {
		switch {
		case i == len(text) && quote != 0:
			return nil, fmt.Errorf("a %c quote is not closed; close it, or put the text in quotes of the other kind", quote)
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == ';':
			if part := strings.TrimSpace(text[from:min(i, len(text))]); part != "" {
				parts = append(parts, part)
			}
			from = i + 1
		}
	}
	return parts, nil
}

// words cuts a command at blanks; quotes group and fall away. No other
// character means anything: there is no shell.
func words(text string) []string {
	var all []string
	var word strings.Builder
	var quote rune
	in := false
	for _, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, in = c, true
		case quote == 0 && c == ' ':
			if in {
				all = append(all, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteRune(c)
			in = true
		}
	}
	if in {
		all = append(all, word.String())
	}
	return all
}

const (
	minTimeout = 100 * time.Millisecond
	maxTimeout = time.Minute
)

// limit reads the option timeout, or gives the kind's.
func (l line) limit(normal time.Duration) (time.Duration, error) {
	text, ok := l.options["timeout"]
	if !ok {
		return normal, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minTimeout || d > maxTimeout {
		return 0, fmt.Errorf("timeout=%s: write a time from %v to %v, such as 5s", text, minTimeout, maxTimeout)
	}
	return d, nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// name reads an option that names a device or outlet; empty: it is not there.
func (l line) name(option string) (string, error) {
	text, ok := l.options[option]
	if ok && !plainName.MatchString(text) {
		return "", fmt.Errorf("%s=%s: a name has letters, digits, dots, dashes and underscores, and at most 64 of them", option, text)
	}
	return text, nil
}

// able says what a switch with these operations can do.
func able(has func(verb) bool) (Can, error) {
	c := Can{Switch: has(on) && has(off), Cycle: has(cycle), Read: has(status)}
	switch {
	case has(on) != has(off):
		return c, errors.New("on and off come together; give both, or cycle alone")
	case !c.Switch && !c.Cycle:
		return c, errors.New("nothing switches the outlet; give on and off, or cycle")
	}
	return c, nil
}
