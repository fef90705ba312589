package cli

import (
	"errors"
	"fmt"
	"strings"

	"mozpool/httpapi/selector"
	v1 "mozpool/httpapi/v1"
)

// BoardLabel is "mozpool board label". Changes and boards are told apart by their form, as in: board label b1 pool=ci
// owner-
type BoardLabel struct {
	Arg      []string `arg:"" name:"name|key=value|key-" help:"Boards, and labels: KEY=VALUE sets one, KEY- takes it off."`
	Selector string   `short:"l" placeholder:"K=V,…" help:"Boards that fit."`
	DryRun   bool     `help:"Only say which boards would be asked."`
}

// Run sets the labels.
func (l *BoardLabel) Run(c *Context) error {
	names, labels := l.split()
	if len(labels) == 0 {
		return &Error{Exit: ExitUsage, Err: errors.New("no label is named: KEY=VALUE sets one, KEY- takes it off")}
	}
	ch := Changing{Chosen: Chosen{Name: names, Selector: l.Selector}, DryRun: l.DryRun}
	return c.change(ch, func(names []string) error {
		return c.each(names, func(name string) error { return c.label(name, labels) })
	})
}

// split tells boards from labels. No name of a board ends in a dash or has an equals sign.
func (l *BoardLabel) split() (names []string, labels map[string]*string) {
	labels = map[string]*string{}
	for _, text := range l.Arg {
		key, value, set := strings.Cut(text, "=")
		switch off, taken := strings.CutSuffix(text, "-"); {
		case set:
			labels[key] = &value
		case taken && !selector.IsGlob(text):
			labels[off] = nil
		default:
			names = append(names, text)
		}
	}
	return names, labels
}

func (c *Context) label(name string, labels map[string]*string) error {
	a, err := c.Client.Label(c.Context, name, v1.LabelOrder{Labels: labels})
	if err != nil {
		return err
	}
	if !c.forPeople() {
		return c.show(a, []string{a.Board}, nil)
	}
	b, err := c.Client.Board(c.Context, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%s: %s\n", name, orNone(visible(labelText(b.Labels))))
	return err
}

func orNone(text string) string {
	if text == "" {
		return "no labels"
	}
	return text
}
