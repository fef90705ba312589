package cli

import (
	"fmt"
	"slices"
	"strings"

	"mozpool/httpapi/client"
	"mozpool/httpapi/selector"
	v1 "mozpool/httpapi/v1"
)

// Board is "mozpool board".
type Board struct {
	Format
	List        BoardList       `cmd:"" help:"List boards."`
	Show        BoardShow       `cmd:"" help:"Show everything about boards."`
	Image       BoardImage      `cmd:"" help:"Put an image on boards."`
	Power       BoardPower      `cmd:"" help:"Switch boards on or off, or power-cycle them."`
	SelfTest    BoardSelfTest   `cmd:"" help:"Have boards test themselves."`
	Maintenance BoardWish       `cmd:"" help:"Boot boards into the maintenance image."`
	Cancel      BoardCancel     `cmd:"" help:"End what boards were asked for."`
	Accept      BoardAccept     `cmd:"" help:"Declare boards good as they stand; nothing is switched."`
	Lock        BoardLock       `cmd:"" help:"Keep automation and other people away from boards."`
	Unlock      BoardUnlock     `cmd:"" help:"End locks."`
	SetState    BoardSetState   `cmd:"" help:"Declare a state: new, ready, troubleshooting or locked_out."`
	Comment     BoardComment    `cmd:"" help:"Say something about boards to whoever looks at them."`
	Label       BoardLabel      `cmd:"" help:"Set labels of boards, or take them off: board label b1 pool=ci owner-"`
	Wait        BoardWait       `cmd:"" help:"Wait until attempts are over, and say what became of them."`
	Repaired    BoardRepaired   `cmd:"" help:"Say that a part of a board was mended: it is verified, and its image put back."`
	Why         BoardWhy        `cmd:"" help:"Explain what boards do, why, and what happens next."`
	History     BoardHistory    `cmd:"" help:"Show the last transitions of boards, the latest first."`
	Log         BoardLog        `cmd:"" help:"Show a board's log."`
	Dumps       BoardDumps      `cmd:"" help:"List, fetch and delete what a board wrote of its crashes."`
	Attempt     BoardAttempt    `cmd:"" help:"Show all that happened in an attempt, as a timeline."`
	Attempts    BoardAttempts   `cmd:"" help:"Show what became of a board's last attempts."`
	Discovered  BoardDiscovered `cmd:"" help:"List MAC addresses that asked for a boot entry and are no board."`
}

// BoardList is "mozpool board list".
type BoardList struct {
	Chosen
	Rack  string   `help:"Only boards of this rack."`
	State string   `help:"Only boards in these states, separated by commas; failed for all of failed_…"`
	Label []string `help:"Only boards with this label: KEY or KEY=VALUE." sep:"none"`
	Image string   `help:"Only boards with this image."`
	Text  string   `help:"Only boards that this text stands in."`
	Watched
}

// Run lists the boards.
func (l *BoardList) Run(c *Context) error {
	q := client.Query{Rack: l.Rack, State: l.State, Labels: l.Label, Image: l.Image, Text: l.Text}
	return c.watch(l.Watched, func(c *Context) error {
		boards, err := c.Client.Boards(c.Context, q)
		if err != nil {
			return err
		}
		return c.showChosen(boards, l.Chosen)
	})
}

// watchOver ends a watch: being interrupted is how it is meant to end.
func watchOver(watch bool, c *Context, err error) error {
	if watch && c.Context.Err() != nil {
		return nil
	}
	return coded(err)
}

// showChosen shows those of the boards that names and selector choose, if there are any. A name that none has is an error
// all the same.
func (c *Context) showChosen(boards []v1.Board, ch Chosen) error {
	var missing []string
	if len(ch.Name) > 0 {
		boards, missing = selector.Names(boards, ch.Name)
	}
	if ch.Selector != "" {
		want, err := selector.Parse(ch.Selector)
		if err != nil {
			return &Error{Exit: ExitUsage, Err: err}
		}
		boards = slices.DeleteFunc(boards, func(b v1.Board) bool { return !want.Fits(b) })
	}
	if len(boards) == 0 && c.forPeople() {
		if len(missing) > 0 {
			return noBoards(missing)
		}
		_, _ = fmt.Fprintln(c.Err, "(no board fits)") // the empty table says the same
	}
	if err := c.showBoards(boards); err != nil || len(missing) == 0 {
		return err
	}
	return noBoards(missing)
}

func noBoards(names []string) error {
	return &Error{Exit: ExitNotFound, Err: fmt.Errorf("there is no board %s; see: mozpool board list", strings.Join(names, ", "))}
}

func (c *Context) showBoards(boards []v1.Board) error {
	names := make([]string, len(boards))
	for i, b := range boards {
		names[i] = b.Name
	}
	return c.show(boards, names, func() *table {
		t := &table{head: []string{"NAME", "RACK", "STATE", "FOR", "IMAGE", "POWER", "DOING"},
			more: []string{"HARDWARE", "MAC", "ADDRESS", "SWITCH", "PLACE", "ATTEMPT", "LABELS", "COMMENT"}}
		for _, b := range boards {
			t.add(plain(b.Name), plain(b.Rack), stateCell(b.State), plain(age(c.Now(), b.Since)), plain(b.Image), plain(b.Power), plain(c.dated(b)),
				plain(b.Hardware), plain(b.MAC), plain(b.Address), plain(b.Switch), plain(b.Place), plain(fmt.Sprint(b.Attempt)), plain(labelText(b.Labels)), plain(b.Comment))
		}
		return t
	})
}

// dated is doing, after how old all that is shown of the board is, where whoever acts for it is silent.
func (c *Context) dated(b v1.Board) string {
	if b.AsOf == nil {
		return doing(b)
	}
	return strings.TrimSuffix("as of "+age(c.Now(), *b.AsOf)+" ago; "+doing(b), "; ")
}

// doing is what there is to say of a board in a few words.
func doing(b v1.Board) string {
	var words []string
	if b.Lock != nil {
		words = append(words, "locked by "+b.Lock.Who)
	}
	switch {
	case b.State == "waiting":
		words = append(words, "for "+string(b.WaitingFor))
		if b.Queue > 0 {
			words[len(words)-1] += fmt.Sprintf(", place %d", b.Queue)
		}
	case b.State.Failed() && b.Blame != nil:
		words = append(words, string(b.Blame.Part)+": "+b.Blame.Text)
	case b.Progress != nil && b.State.Working():
		words = append(words, progress(*b.Progress))
	case b.Wish != "" && !b.State.Rest():
		words = append(words, string(b.Wish))
	}
	return strings.Join(words, "; ")
}

func progress(p v1.Progress) string {
	switch {
	case p.Total > 0:
		return fmt.Sprintf("%s %d%%", p.Artifact, min(100, 100*p.Done/p.Total))
	case p.Done > 0:
		return fmt.Sprintf("%s %.1f MB", p.Artifact, float64(p.Done)/1e6)
	}
	return p.Step
}

// BoardShow is "mozpool board show".
type BoardShow struct{ Chosen }

// Run shows the boards; as a table, each as a list of what is known.
func (s *BoardShow) Run(c *Context) error {
	names, err := c.boards(s.Chosen)
	if err != nil {
		return err
	}
	return c.each(names, func(name string) error {
		b, err := c.Client.Board(c.Context, name)
		if err != nil {
			return err
		}
		return c.show(b, []string{b.Name}, func() *table { return c.boardTable(b) })
	})
}
