package cli

import (
	"errors"
	"fmt"
	"slices"

	"mozpool/httpapi/client"
	"mozpool/httpapi/selector"
	v1 "mozpool/httpapi/v1"
)

// Chosen are the boards that a command is about: names, patterns, a selector.
type Chosen struct {
	Name     []string `arg:"" optional:"" help:"Boards; rack1-* takes all that fit, quote it."`
	Selector string   `short:"l" placeholder:"K=V,…" help:"Boards that fit: name, rack, state, image, hardware, power, place, wish, or a label; * and ? may stand in values."`
}

// Changing is Chosen for commands that change something.
type Changing struct {
	Chosen
	DryRun bool `help:"Ask nothing: say which boards would take it, and why others would not."`
}

// boards are the names of the chosen boards. Plain names are taken as they are, so that the server says of each what
// it knows; only patterns and selectors need the list.
func (c *Context) boards(ch Chosen) ([]string, error) {
	if len(ch.Name) == 0 && ch.Selector == "" {
		return nil, &Error{Exit: ExitUsage, Err: errors.New("no boards are chosen: name them, or use -l, such as -l rack=r1; -l name=* is all")}
	}
	if ch.Selector == "" && !slices.ContainsFunc(ch.Name, selector.IsGlob) {
		return ch.Name, nil
	}
	var want selector.Selector
	if ch.Selector != "" {
		var err error
		if want, err = selector.Parse(ch.Selector); err != nil {
			return nil, &Error{Exit: ExitUsage, Err: err}
		}
	}
	all, err := c.Client.Boards(c.Context, client.Query{})
	if err != nil {
		return nil, coded(err)
	}
	if len(ch.Name) > 0 {
		var missing []string
		if all, missing = selector.Names(all, ch.Name); len(missing) > 0 {
			return nil, noBoards(missing)
		}
	}
	return c.fitting(all, want)
}

func (c *Context) fitting(all []v1.Board, want selector.Selector) ([]string, error) {
	var names []string
	for _, b := range all {
		if want.Fits(b) {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return nil, &Error{Exit: ExitNotFound, Err: errors.New("no board fits; see: mozpool board list")}
	}
	return names, nil
}

// change does something to each chosen board; with --dry-run it says which those are, a line each.
func (c *Context) change(ch Changing, do func(names []string) error) error {
	names, err := c.boards(ch.Chosen)
	if err != nil {
		return err
	}
	if !ch.DryRun {
		return do(names)
	}
	for _, n := range names {
		if _, err := fmt.Fprintln(c.Out, n); err != nil {
			return coded(err)
		}
	}
	return nil
}
