package cli

import (
	"bytes"
	"context"
	"fmt"
)

// Watched is the flag of commands that list things.
type Watched struct {
	Watch bool `help:"Look again and again, until interrupted."`
}

// watch looks once, or again and again. On a terminal each look takes the place of the one before, drawn in one go so
// that nothing flickers. A server that is away for a while ends no watch that has begun.
func (c *Context) watch(w Watched, look func(*Context) error) error {
	if !w.Watch {
		return coded(look(c))
	}
	for seen, away := false, false; ; {
		var page bytes.Buffer
		into := *c
		into.Out = &page
		err := look(&into)
		switch {
		case c.Context.Err() != nil:
			return nil // being interrupted is how a watch is meant to end
		case err == nil:
			seen, away = true, false
			if err := c.page(page.Bytes()); err != nil {
				return coded(err)
			}
		case !seen || codeOf(err) != ExitUnreachable:
			return coded(err)
		case !away:
			away = true
			say(c.Err, fmt.Errorf("%w; looking again until it is back", err))
		}
		if !c.pause() {
			return nil
		}
	}
}

// page shows what one look gave.
func (c *Context) page(text []byte) error {
	if c.Screen {
		text = append([]byte("\x1b[H\x1b[2J"), text...)
	}
	_, err := c.Out.Write(text)
	return err
}

// listing is how a list of things is shown.
type listing[T any] struct {
	of   func(context.Context) ([]T, error)
	head []string
	more []string // of the columns that only -o wide shows
	name func(T) string
	row  func(T) []cell
}

// run shows the list, as often as is wanted.
func (l listing[T]) run(c *Context, w Watched) error {
	return c.watch(w, func(c *Context) error {
		all, err := l.of(c.Context)
		return list(c, all, err, l.head, l.name, l.row, l.more...)
	})
}

// list shows a list of things once: how each is named, and its cells. more are the heads of the columns that only -o wide
// shows.
func list[T any](c *Context, all []T, err error, head []string, name func(T) string, row func(T) []cell, more ...string) error {
	if err != nil {
		return coded(err)
	}
	names := make([]string, len(all))
	t := &table{head: head, more: more}
	for i, v := range all {
		names[i] = name(v)
		t.add(row(v)...)
	}
	return coded(c.show(all, names, func() *table { return t }))
}
