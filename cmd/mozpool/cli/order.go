package cli

import (
	"fmt"

	"mozpool/actors/board"
	"mozpool/httpapi/span"
	v1 "mozpool/httpapi/v1"
)

// orders asks something of each board that is done at once.
func (c *Context) orders(ch Changing, of v1.BulkOrder, ask func(name string) (v1.Accepted, error)) error {
	return c.wishes(ch, false, of, ask)
}

// marks changes what is known of each board; nothing moves, so people are told what was done instead of the state.
func (c *Context) marks(ch Changing, done string, ask func(name string) (v1.Accepted, error)) error {
	return c.change(ch, func(names []string) error {
		return c.each(names, func(name string) error {
			a, err := ask(name)
			if err != nil {
				return err
			}
			if !c.forPeople() {
				return c.accepted(a)
			}
			_, err = fmt.Fprintf(c.Out, "%s: %s\n", a.Board, done)
			return err
		})
	})
}

// BoardCancel is "mozpool board cancel".
type BoardCancel struct {
	Changing
	Force bool `help:"Also while a card is being written, which leaves it without a system."`
}

// Run cancels.
func (o *BoardCancel) Run(c *Context) error {
	return c.orders(o.Changing, v1.BulkOrder{Action: "cancel", Force: o.Force}, func(name string) (v1.Accepted, error) {
		return c.Client.Cancel(c.Context, name, v1.CancelOrder{Force: o.Force})
	})
}

// BoardAccept is "mozpool board accept".
type BoardAccept struct {
	Changing
}

// Run accepts.
func (o *BoardAccept) Run(c *Context) error {
	return c.orders(o.Changing, v1.BulkOrder{Action: "accept"}, func(name string) (v1.Accepted, error) { return c.Client.Accept(c.Context, name) })
}

// BoardLock is "mozpool board lock".
type BoardLock struct {
	Changing
	Why string  `help:"The reason, for others to read."`
	For *string `placeholder:"DURATION" help:"How long, such as 2h or 7d; without it until unlocked."`
}

// Run locks.
func (o *BoardLock) Run(c *Context) error {
	order := v1.LockOrder{Why: o.Why}
	if o.For != nil {
		d, err := span.Parse(*o.For)
		if err != nil {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("how long to lock (--for): %w", err)}
		}
		if d <= 0 {
			return &Error{Exit: ExitUsage, Err: fmt.Errorf("the lock would end as soon as it begins (--for %s): write such as 2h, or leave it out to lock until unlocked", *o.For)}
		}
		until := c.Now().Add(d).UTC()
		order.Until = &until
	}
	return c.marks(o.Changing, "locked", func(name string) (v1.Accepted, error) { return c.Client.Lock(c.Context, name, order) })
}

// BoardUnlock is "mozpool board unlock".
type BoardUnlock struct {
	Changing
}

// Run unlocks.
func (o *BoardUnlock) Run(c *Context) error {
	return c.marks(o.Changing, "unlocked", func(name string) (v1.Accepted, error) { return c.Client.Unlock(c.Context, name) })
}

// BoardSetState is "mozpool board set-state".
type BoardSetState struct {
	State string `arg:"" enum:"new,ready,troubleshooting,locked_out" help:"new, ready, troubleshooting or locked_out."`
	Changing
}

// Run sets the state, if the board does not move in the meantime.
func (o *BoardSetState) Run(c *Context) error {
	return c.orders(o.Changing, v1.BulkOrder{}, func(name string) (v1.Accepted, error) {
		b, err := c.Client.Board(c.Context, name)
		if err != nil {
			return v1.Accepted{}, err
		}
		return c.Client.SetState(c.Context, name, b.Visit, board.State(o.State))
	})
}

// BoardComment is "mozpool board comment".
type BoardComment struct {
	Text string `arg:"" help:"What to say; empty takes back what was said."`
	Changing
}

// Run says it.
func (o *BoardComment) Run(c *Context) error {
	return c.marks(o.Changing, "commented", func(name string) (v1.Accepted, error) { return c.Client.Comment(c.Context, name, o.Text) })
}
