package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// waiter is one board that is waited for.
type waiter struct {
	of   v1.Accepted
	said string // what was said of it last
	row  liveRow
	gone time.Time // since when the server does not answer; zero: it does
}

// BoardWait is "mozpool board wait": what --wait does, taken up again.
type BoardWait struct {
	Name []string `arg:"" help:"Boards; NAME@7 waits for the end of attempt 7, NAME for that of the current one."`
}

// Run waits.
func (w *BoardWait) Run(c *Context) error {
	var taken []v1.Accepted
	err := c.each(w.Name, func(text string) error {
		name, number, exact := strings.Cut(text, "@")
		a := v1.Accepted{Board: name}
		if !exact {
			b, err := c.Client.Board(c.Context, name)
			a.Attempt = b.Attempt
			taken = append(taken, a)
			return err
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || n == 0 {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("%q is no number of an attempt: write %s@7", number, name)}
		}
		a.Attempt = uint32(n)
		if b, err := c.Client.Board(c.Context, name); err == nil && b.Attempt < a.Attempt { // a server that is away is waited for
			return &Error{Exit: ExitNotFound, Err: fmt.Errorf("%s has no attempt %d yet, its last is %d; see: mozpool board attempts %s", name, n, b.Attempt, name)}
		}
		taken = append(taken, a)
		return nil
	})
	if err != nil {
		return err
	}
	return c.wait(taken)
}

// wait looks at boards until the attempts of all are over. On a terminal it shows what they do as a table that is
// drawn anew, elsewhere as a line for each change on standard error; standard output says what became of them. Any
// that failed makes the exit code 1.
func (c *Context) wait(taken []v1.Accepted) error {
	open := make([]*waiter, len(taken))
	for i, a := range taken {
		open[i] = &waiter{of: a, row: liveRow{name: a.Board}}
	}
	failed, screen := false, liveTable{out: c.Err, color: c.Color}
	for len(open) > 0 {
		var still []*waiter
		screen.clear()
		for _, w := range open {
			over, bad, err := c.look(w)
			if err != nil {
				return c.abandoned(open)
			}
			failed = failed || bad
			if !over {
				still = append(still, w)
			}
		}
		open = still
		if c.Screen {
			screen.draw(open)
		}
		if len(open) > 0 && !c.pause() {
			screen.clear()
			return c.abandoned(open)
		}
	}
	if failed {
		return &Error{Exit: ExitFailed}
	}
	return nil
}

// look looks at one board once. The error is that nobody wants to know any more.
func (c *Context) look(w *waiter) (over, failed bool, err error) {
	b, err := c.Client.Board(c.Context, w.of.Board)
	switch {
	case err != nil && c.Context.Err() != nil:
		return false, false, err
	case err != nil && codeOf(err) != ExitUnreachable:
		say(c.Err, err)
		return true, true, nil
	case err != nil:
		return c.unanswered(w, err)
	}
	w.gone = time.Time{}
	if w.over(b) {
		return true, c.result(w, b), nil
	}
	w.row = rowOf(c, b)
	w.tell(c, summary(b))
	return false, false, nil
}

// patience is how long a server may be away while somebody waits for its boards. One that restarts goes on with the
// attempt; one that is gone must not keep a script for ever.
const patience = 10 * time.Minute

func (c *Context) unanswered(w *waiter, err error) (over, failed bool, _ error) {
	now := c.Now()
	if w.gone.IsZero() {
		w.gone = now
	}
	if now.Sub(w.gone) >= patience {
		say(c.Err, fmt.Errorf("%s: %w", w.of.Board, err))
		return true, true, nil
	}
	w.tell(c, err.Error())
	return false, false, nil
}

// abandoned says how to take the waiting up again.
func (c *Context) abandoned(open []*waiter) error {
	names := make([]string, len(open))
	for i, w := range open {
		names[i] = fmt.Sprintf("%s@%d", w.of.Board, w.of.Attempt)
	}
	return &Error{Exit: ExitFailed, Err: fmt.Errorf("no longer waiting for %d boards; they go on without us. To wait again: mozpool board wait %s",
		len(open), strings.Join(names, " "))}
}

// tell says something of a board, once.
func (w *waiter) tell(c *Context, text string) {
	if !c.Screen && text != w.said {
		_, _ = fmt.Fprintf(c.Err, "%s: %s\n", w.of.Board, visible(text)) // for people only
	}
	w.said = text
}

// over says whether the attempt that was asked for has ended. A later attempt means that somebody asked for
// something else in the meantime.
func (w *waiter) over(b v1.Board) bool {
	return b.Attempt > w.of.Attempt || b.Attempt == w.of.Attempt && b.State.Rest()
}

// result shows what became of an attempt, and says whether it failed. The end of one that another followed is looked
// up.
func (c *Context) result(w *waiter, b v1.Board) bool {
	if b.Attempt > w.of.Attempt {
		past, err := c.Client.Attempt(c.Context, b.Name, w.of.Attempt)
		var p *client.Problem
		if errors.As(err, &p) {
			err = fmt.Errorf("%s: attempt %d was followed by attempt %d before its end was seen; see: mozpool board attempts %s",
				b.Name, w.of.Attempt, b.Attempt, b.Name)
		}
		if err != nil {
			say(c.Err, err)
			return true
		}
		b.Attempt, b.State, b.Blame, b.Progress = past.Number, past.Result, past.Blame, nil
	}
	err := c.accepted(v1.Accepted{Board: b.Name, Attempt: b.Attempt, State: b.State})
	if b.State.Failed() {
		say(c.Err, errors.New(summary(b)+"; see: mozpool board why "+b.Name))
	}
	return err != nil || b.State.Failed()
}

func summary(b v1.Board) string {
	if d := doing(b); d != "" && d != string(b.Wish) {
		return fmt.Sprintf("%s (%s)", b.State, d)
	}
	return string(b.State)
}
