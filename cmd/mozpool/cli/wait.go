package cli

import (
	"errors"
	"fmt"

	v1 "mozpool/httpapi/v1"
)

// waiter is one board that is waited for.
type waiter struct {
	of   v1.Accepted
	said string // what was said of it last
}

// wait looks at boards until the attempts of all are over. It says on standard error what they do, a line for each
// change, and on standard output what became of them. Any that failed makes the exit code 1.
func (c *Context) wait(taken []v1.Accepted) error {
	open := make([]*waiter, len(taken))
	for i, a := range taken {
		open[i] = &waiter{of: a}
	}
	failed := false
	for len(open) > 0 {
		var still []*waiter
		for _, w := range open {
			b, err := c.Client.Board(c.Context, w.of.Board)
			switch {
			case err != nil && c.Context.Err() != nil:
				return c.abandoned(open)
			case err != nil && codeOf(err) != ExitUnreachable:
				say(c.Err, err)
				failed = true
			case err != nil:
				w.tell(c, err.Error()) // a server that restarts goes on with the attempt
				still = append(still, w)
			case w.over(b):
				failed = c.result(w, b) || failed
			default:
				w.tell(c, summary(b))
				still = append(still, w)
			}
		}
		if open = still; len(open) > 0 && !c.pause() {
			return c.abandoned(open)
		}
	}
	if failed {
		return &Error{Exit: ExitFailed}
	}
	return nil
}

func (c *Context) abandoned(open []*waiter) error {
	return &Error{Exit: ExitFailed, Err: fmt.Errorf("no longer waiting for %d boards; they go on without us", len(open))}
}

// tell says something of a board, once.
func (w *waiter) tell(c *Context, text string) {
	if text != w.said {
		_, _ = fmt.Fprintf(c.Err, "%s: %s\n", w.of.Board, visible(text)) // for people only
		w.said = text
	}
}

// over says whether the attempt that was asked for has ended. A later attempt means that somebody asked for
// something else in the meantime.
func (w *waiter) over(b v1.Board) bool {
	return b.Attempt > w.of.Attempt || b.Attempt == w.of.Attempt && b.State.Rest()
}

// result shows what became of an attempt, and says whether it failed.
func (c *Context) result(w *waiter, b v1.Board) bool {
	if b.Attempt > w.of.Attempt {
		say(c.Err, fmt.Errorf("%s: attempt %d was followed by attempt %d before its end was seen; see: mozpool board attempts %s",
			b.Name, w.of.Attempt, b.Attempt, b.Name))
		return true
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
