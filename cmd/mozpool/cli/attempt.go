package cli

import (
	"fmt"
	"strings"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// BoardAttempt is "mozpool board attempt".
type BoardAttempt struct {
	Name    string `arg:"" help:"Board."`
	Number  uint32 `arg:"" optional:"" help:"Number of the attempt; none: the last, which may be running."`
	Against string `placeholder:"last-good|N" help:"Tell where it first went another way than this attempt."`
	Export  string `placeholder:"FILE" help:"Write everything known of it, log lines too, to a tar.gz."`
}

// Run shows one attempt as a timeline.
func (a *BoardAttempt) Run(c *Context) error {
	if a.Number == 0 {
		b, err := c.Client.Board(c.Context, a.Name)
		if err != nil {
			return coded(err)
		}
		if a.Number = b.Attempt; a.Number == 0 {
			return &Error{Exit: ExitNotFound, Err: fmt.Errorf("board %s was never asked for anything", a.Name)}
		}
	}
	d, err := c.Client.Attempt(c.Context, a.Name, a.Number)
	if err != nil {
		return coded(err)
	}
	c.lacks("details", d.Missing)
	var against *v1.AttemptDetail
	if a.Against != "" {
		if against, err = c.against(a.Name, a.Against, d.Attempt); err != nil {
			return coded(err)
		}
	}
	if a.Export != "" {
		return coded(c.export(a.Name, a.Export, d, against))
	}
	if against != nil {
		return coded(c.showDifference(a.Name, d, *against))
	}
	return coded(c.show(d, []string{fmt.Sprint(d.Number)}, func() *table { return timeline(d) }))
}

// timeline is an attempt, a row for each thing that happened. Where details are not kept any more, its transitions stand.
func timeline(d v1.AttemptDetail) *table {
	t := &table{head: []string{"AFTER", "STATE", "WHAT", "DETAIL"}}
	moments := d.Moments
	if len(moments) == 0 {
		moments = moves(d.Events)
	}
	state := board.State("")
	for _, m := range moments {
		if m.What == "move" {
			state = m.To
		}
		t.add(plain(offset(d.Began, m.At)), stateCell(state), happened(m), plain(detail(m)))
	}
	return t
}

// moves are transitions as moments.
func moves(events []v1.Event) []v1.Moment {
	all := make([]v1.Moment, len(events))
	for i, e := range events {
		all[i] = v1.Moment{At: e.At, What: "move", Visit: e.Visit, Boot: e.Boot, Kind: e.By, From: e.From, To: e.To, Part: e.Part, Text: e.Text}
	}
	return all
}

// offset is the time since an attempt began: +12.345s, +3m02.001s.
func offset(began, at time.Time) string {
	d := max(0, at.Sub(began)).Round(time.Millisecond)
	if d < time.Minute {
		return fmt.Sprintf("+%06.3fs", d.Seconds())
	}
	return fmt.Sprintf("+%dm%06.3fs", d/time.Minute, (d % time.Minute).Seconds())
}

func happened(m v1.Moment) cell {
	switch m.What {
	case "move":
		c := plain("→ " + string(m.To))
		if m.Part != "" {
			c.color = red
		}
		return c
	case "effect":
		return plain("asked for " + string(m.Effect))
	case "transfer":
		return plain(m.Artifact)
	default:
		return plain(string(m.Kind))
	}
}

// detail is the rest of what there is to say of a moment.
func detail(m v1.Moment) string {
	var words []string
	say := func(ok bool, format string, a ...any) {
		if ok {
			words = append(words, fmt.Sprintf(format, a...))
		}
	}
	say(m.What == "transfer" && m.Total > 0, "%d of %d bytes", m.Done, m.Total)
	say(m.What == "transfer" && m.Total == 0, "%d bytes", m.Done)
	say(m.Step != "", "%s", m.Step)
	say(m.Part != "" && m.What == "move", "failed: %s: %s", m.Part, m.Text)
	say(m.Allowed > 0, "try %d of %d", m.Tries, m.Allowed)
	say(m.Part != "" && m.What != "move", "%s", m.Part)
	say(m.Text != "" && (m.Part == "" || m.What != "move"), "%s", m.Text)
	say(m.Took > 0, "after %d ms", m.Took)
	say(m.Times > 0, "%d times more", m.Times)
	say(m.Waits != "", "for %s", m.Waits)
	say(m.What == "input" && m.Verdict != board.Moved && m.Verdict != board.Noted, "%s", m.Verdict)
	say(m.What == "move" && !m.Until.IsZero(), "at most %v", m.Until.Sub(m.At).Round(time.Second))
	return strings.Join(words, "; ")
}
