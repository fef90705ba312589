package report

import (
	"cmp"
	"slices"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Whole stands where a stage stands, for an attempt from its wish to its end.
const Whole board.State = "attempt"

// order is that of a board's life. States that are no work have no place in it: a rest lasts as long as nobody asks.
var order = []board.State{board.Waiting, board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing,
	board.SelfTesting, board.Restarting, board.Verifying, Whole}

type stageKey struct {
	hardware string
	stage    board.State
}

func (c *counter) stage(hardware string, s board.State, took time.Duration) {
	key := stageKey{hardware, s}
	c.stages[key] = append(c.stages[key], max(0, took)) // a clock that was set back
}

// addEvents takes from each two transitions how long the state between them lasted, where the details of the attempt do
// not tell. A failed stage counts too: that a board is waited for in vain is time as well.
func (c *counter) addEvents(b Board) {
	for i, e := range b.Events {
		if e.At.Before(c.from) || e.At.After(c.to) || whole(b.Details[e.Attempt]) {
			continue
		}
		if e.Part != "" {
			c.visits[visitKey{e.From, e.Part}]++
		}
		if i > 0 && b.Events[i-1].To == e.From {
			c.stay(b.Hardware, e.From, e.At.Sub(b.Events[i-1].At))
		}
	}
}

func (c *counter) stay(hardware string, s board.State, took time.Duration) {
	if slices.Contains(order, s) {
		c.stage(hardware, s, took)
	}
}

func (c *counter) stageRows() []v1.ReportStage {
	rows := make([]v1.ReportStage, 0, len(c.stages))
	for key, took := range c.stages {
		slices.Sort(took)
		rows = append(rows, v1.ReportStage{Hardware: key.hardware, Stage: string(key.stage), Count: len(took), P50: rank(took, 50), P95: rank(took, 95)})
	}
	slices.SortFunc(rows, func(a, b v1.ReportStage) int {
		return cmp.Or(cmp.Compare(a.Hardware, b.Hardware), cmp.Compare(place(a), place(b)))
	})
	return rows
}

// rank is the nearest-rank percentile of sorted durations, in seconds: a duration that occurred.
func rank(sorted []time.Duration, percent int) float64 {
	return nearest(sorted, percent).Round(time.Millisecond).Seconds()
}

// nearest is the nearest-rank percentile of at least one sorted figure.
func nearest[T any](sorted []T, percent int) T {
	i := (len(sorted)*percent + 99) / 100
	return sorted[max(i, 1)-1]
}

// place is a row's in the order of a board's life.
func place(r v1.ReportStage) int { return slices.Index(order, board.State(r.Stage)) }
