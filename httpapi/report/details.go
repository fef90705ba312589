package report

import (
	"cmp"
	"slices"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// visitKey is where visits failed, and what that was put down to.
type visitKey struct {
	stage board.State
	part  board.Part
}

// addDetails counts what the details of an attempt tell: they reach further back than a board's history does. Those of an
// attempt of which a server is silent have holes, and then the history is the better witness for how long states lasted.
func (c *counter) addDetails(b Board, attempt uint32) {
	moments := b.Details[attempt]
	if !whole(moments) {
		return
	}
	c.detailed++
	boots := 0
	var before actors.Moment
	for _, m := range moments {
		if m.What != actors.MomentMove {
			c.answer(b.Relay, m)
			continue
		}
		if m.To == board.Booting {
			boots++
		}
		if m.Part != "" {
			c.visits[visitKey{m.From, m.Part}]++
		}
		c.stay(b.Hardware, m.From, m.At.Sub(before.At))
		before = m
	}
	if boots > 0 {
		c.boots[b.Hardware] = append(c.boots[b.Hardware], boots)
	}
}

func (c *counter) answer(relay string, m actors.Moment) {
	if relay != "" && m.Took > 0 {
		c.answers[relay] = append(c.answers[relay], time.Duration(m.Took)*time.Millisecond)
	}
}

// whole says whether details lead from a rest to a rest without a hole.
func whole(moments []actors.Moment) bool {
	var at board.State
	for _, m := range moments {
		if m.What != actors.MomentMove {
			continue
		}
		if at == "" && !m.From.Rest() || at != "" && m.From != at {
			return false
		}
		at = m.To
	}
	return at != "" && at.Rest()
}

func (c *counter) bootRows() []v1.ReportBoots {
	rows := make([]v1.ReportBoots, 0, len(c.boots))
	for hardware, n := range c.boots {
		slices.Sort(n)
		rows = append(rows, v1.ReportBoots{Hardware: hardware, Attempts: len(n), P50: nearest(n, 50), P95: nearest(n, 95), Most: n[len(n)-1]})
	}
	slices.SortFunc(rows, func(a, b v1.ReportBoots) int { return cmp.Compare(a.Hardware, b.Hardware) })
	return rows
}

func (c *counter) visitRows() []v1.ReportVisits {
	rows := make([]v1.ReportVisits, 0, len(c.visits))
	for key, n := range c.visits {
		rows = append(rows, v1.ReportVisits{Stage: string(key.stage), Part: key.part, Times: n})
	}
	slices.SortFunc(rows, func(a, b v1.ReportVisits) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Part, b.Part))
	})
	return rows
}

func (c *counter) answerRows() []v1.ReportAnswer {
	rows := make([]v1.ReportAnswer, 0, len(c.answers))
	for relay, took := range c.answers {
		slices.Sort(took)
		rows = append(rows, v1.ReportAnswer{Relay: relay, Count: len(took), P50: rank(took, 50), P95: rank(took, 95)})
	}
	slices.SortFunc(rows, func(a, b v1.ReportAnswer) int {
		return cmp.Or(cmp.Compare(b.P95, a.P95), cmp.Compare(a.Relay, b.Relay))
	})
	return rows[:min(len(rows), worstLength)]
}
