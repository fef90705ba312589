package cli

import (
	"fmt"
	"strings"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// BoardImage is "mozpool board image".
type BoardImage struct {
	Changing
	Image  string            `required:"" placeholder:"NAME" help:"Image to put on them."`
	Config map[string]string `placeholder:"K=V" mapsep:"none" help:"What the image wants to know; may be repeated."`
	Force  bool              `help:"Although the image is suspect."`
	Wait   bool              `help:"Wait until all are done, and say what they do."`
}

// Run asks for the image on each board.
func (w *BoardImage) Run(c *Context) error {
	of := v1.BulkOrder{Action: string(board.WantImage), Image: w.Image, Config: w.Config, Force: w.Force}
	return c.wishes(w.Changing, w.Wait, of, func(name string) (v1.Accepted, error) {
		return c.Client.Image(c.Context, name, v1.ImageWish{Image: w.Image, Config: w.Config, Force: w.Force})
	})
}

// BoardWish is a wish that needs no more than its name: "mozpool board maintenance".
type BoardWish struct {
	Changing
	Wait bool `help:"Wait until all are done, and say what they do."`
}

// Run asks for maintenance.
func (w *BoardWish) Run(c *Context) error {
	return c.plainWishes(w.Changing, w.Wait, board.WantMaintenance)
}

// BoardSelfTest is "mozpool board self-test".
type BoardSelfTest struct {
	Changing
	Wait bool `help:"Wait until all are done, and say what they do."`
}

// Run asks for a self-test.
func (w *BoardSelfTest) Run(c *Context) error {
	return c.plainWishes(w.Changing, w.Wait, board.WantSelfTest)
}

// BoardPower is "mozpool board power".
type BoardPower struct {
	Verb string `arg:"" enum:"on,off,cycle" help:"on, off or cycle."`
	Changing
	Wait bool `help:"Wait until all are done, and say what they do."`
}

// Run switches the boards.
func (p *BoardPower) Run(c *Context) error {
	return c.plainWishes(p.Changing, p.Wait, board.Want("power-"+p.Verb))
}

func (c *Context) plainWishes(ch Changing, wait bool, want board.Want) error {
	return c.wishes(ch, wait, v1.BulkOrder{Action: string(want)}, func(name string) (v1.Accepted, error) { return c.Client.Wish(c.Context, name, want) })
}

// wishes asks something of each chosen board, and waits for those that took it. of is the same for the server's dry run;
// without an action it has none.
func (c *Context) wishes(ch Changing, wait bool, of v1.BulkOrder, ask func(name string) (v1.Accepted, error)) error {
	if ch.DryRun && of.Action != "" {
		return c.foresee(ch.Chosen, of)
	}
	return c.change(ch, func(names []string) error { return c.askEach(names, wait, ask) })
}

// foresee says what each board would answer: its name, or why it would refuse.
func (c *Context) foresee(ch Chosen, of v1.BulkOrder) error {
	names, err := c.boards(ch)
	if err != nil {
		return err
	}
	of.Boards, of.DryRun = strings.Join(names, ","), true
	out, err := c.Client.Bulk(c.Context, of)
	if err != nil {
		return coded(err)
	}
	answers := map[string]*v1.Problem{}
	for _, r := range out.Results {
		answers[r.Board] = r.Problem
	}
	return c.each(names, func(name string) error {
		if p := answers[name]; p != nil {
			return &client.Problem{Problem: *p}
		}
		_, err := fmt.Fprintln(c.Out, name)
		return err
	})
}

func (c *Context) askEach(names []string, wait bool, ask func(name string) (v1.Accepted, error)) error {
	var taken []v1.Accepted
	err := c.each(names, func(name string) error {
		a, err := ask(name)
		if err != nil {
			return err
		}
		taken = append(taken, a)
		if wait {
			return nil
		}
		return c.accepted(a)
	})
	if !wait {
		return err
	}
	if failed := c.wait(taken); failed != nil && (err == nil || c.Context.Err() != nil) {
		return failed
	}
	return err
}

// accepted shows that a board took something.
func (c *Context) accepted(a v1.Accepted) error {
	if c.forPeople() {
		_, err := fmt.Fprintf(c.Out, "%s: attempt %d, %s\n", a.Board, a.Attempt, a.State)
		return err
	}
	return c.show(a, []string{a.Board}, nil)
}
