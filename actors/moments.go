package actors

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence/trail"
)

// Trails keep the details of attempts. *trail.Trails is one. Append and End must not wait.
type Trails interface {
	Append(l trail.Line)
	End(board string, attempt uint32)
	Read(board string, attempt uint32) ([][]byte, error)
}

// What a Moment tells of.
const (
	MomentInput    = "input"    // something reached the board's actor: evidence, an answer of its relay, a word of a person, a limit
	MomentMove     = "move"     // a transition, with what was decided
	MomentEffect   = "effect"   // the relay was asked, or the image is looked for
	MomentTransfer = "transfer" // a transfer or a write began, or came to its end
)

// Moment is one thing that happened in an attempt. Which fields are set depends on What.
type Moment struct {
	At    time.Time `json:"at"`
	What  string    `json:"what"`
	Visit uint64    `json:"visit"`
	Boot  uint32    `json:"boot,omitempty"`

	Kind    board.Kind    `json:"kind,omitempty"`    // input, and of a move what caused it
	Verdict board.Verdict `json:"verdict,omitempty"` // input: what became of it
	Times   int           `json:"times,omitempty"`   // input: so many more of the same came until At and changed nothing
	Took    int64         `json:"took_ms,omitempty"` // input: the relay's answer, milliseconds since it was asked
	Effect  board.Do      `json:"effect,omitempty"`

	From    board.State      `json:"from,omitempty"`
	To      board.State      `json:"to,omitempty"`
	Waits   board.WaitingFor `json:"waiting_for,omitempty"`
	Until   time.Time        `json:"until,omitzero"`          // move: when the limit of the new state runs out
	Tries   int              `json:"tries,omitempty"`         // move: failed visits of From so far
	Allowed int              `json:"tries_allowed,omitempty"` // of so many

	Artifact string `json:"artifact,omitempty"`
	Step     string `json:"step,omitempty"`
	Done     int64  `json:"done,omitempty"`
	Total    int64  `json:"total,omitempty"`

	Part board.Part `json:"part,omitempty"` // what a failed visit is put down to
	Text string     `json:"text,omitempty"`
}

// tracer is what a board's actor remembers of the trail that it writes.
type tracer struct {
	same    Moment    // the last input, to count those like it
	ordered time.Time // when the relay was asked what it has not answered yet
	written Progress  // the last that was told
}

// trace adds m to the trail of an attempt.
func (a *boardActor) trace(attempt uint32, m Moment, must bool) {
	if a.f.cfg.Trails == nil || attempt == 0 {
		return
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("actors: encode a moment: %v", err)) // a plain struct always encodes
	}
	a.f.cfg.Trails.Append(trail.Line{Board: a.c.id, Attempt: attempt, Data: data, Must: must})
}

// traceInput tells of an input and what became of it. What a resting board hears belongs to no attempt. The same again
// without consequence is only counted: a loader that asks twenty times is one line more.
func (a *boardActor) traceInput(from *board.Board, in *board.Input, r *board.Result) {
	if a.f.cfg.Trails == nil || from.State.Rest() && r.Board.Attempt == from.Attempt {
		return
	}
	m := Moment{At: in.Now.UTC(), What: MomentInput, Visit: from.Visit, Boot: from.Boot, Kind: in.Kind, Verdict: r.Verdict, Part: in.Part, Text: inputText(in)}
	t := &a.tracer
	if t.same.Kind == m.Kind && t.same.Visit == m.Visit && t.same.Verdict == m.Verdict && r.Board.Visit == from.Visit {
		t.same.At, t.same.Times = m.At, t.same.Times+1
		return
	}
	a.traceSame(from.Attempt)
	if !t.ordered.IsZero() && (in.Kind == board.PowerIsOff || in.Kind == board.PowerIsOn || in.Kind == board.PowerFailed) {
		m.Took, t.ordered = in.Now.Sub(t.ordered).Milliseconds(), time.Time{}
	}
	a.trace(r.Board.Attempt, m, false)
	t.same = m
}

// traceSame tells how often the last input was repeated.
func (a *boardActor) traceSame(attempt uint32) {
	if a.tracer.same.Times > 0 {
		a.trace(attempt, a.tracer.same, false)
	}
	a.tracer.same = Moment{}
}

// inputText is what an input says to people.
func inputText(in *board.Input) string {
	switch {
	case in.Kind == board.Wish:
		return fmt.Sprintf("%s asked by %s", wanted(in.Want, in.Image), in.By)
	case in.By != "":
		return "by " + in.By + lead(": ", in.Text)
	case in.Text == "":
		return in.From
	default:
		return in.Text
	}
}

// wanted is what a wish is for: image v2, maintenance.
func wanted(want board.Want, image string) string { return string(want) + lead(" ", image) }

// traceMove tells of a transition and of what was decided with it.
func (a *boardActor) traceMove(from *board.Board, fl *flight) {
	to, rules := &fl.res.Board, fl.in.Rules
	a.traceSame(to.Attempt)
	a.traceTransfer(from, a.last)
	if from.State.Rest() && to.State.Rest() && !fl.res.Ended {
		return
	}
	m := Moment{At: fl.in.Now.UTC(), What: MomentMove, Visit: to.Visit, Boot: to.Boot, Kind: fl.kind, From: from.State, To: to.State, Waits: to.WaitingFor}
	if to.Deadline > 0 {
		m.Until = time.UnixMilli(to.Deadline).UTC()
	}
	if failed := fl.res.Failed; failed != nil {
		m.Part, m.Text = failed.Blame.Part, failed.Blame.Text
		m.Tries, m.Allowed = int(to.Tries[failed.State]), rules.TriesOf(failed.State)
	}
	a.trace(to.Attempt, m, true)
	if fl.res.Ended && a.f.cfg.Trails != nil {
		a.f.cfg.Trails.End(a.c.id, to.Attempt)
	}
}

// traceEffect tells of what leaves.
func (a *boardActor) traceEffect(e board.Effect) {
	now := a.f.now()
	if e.Do != board.Probe {
		a.tracer.ordered = now
	}
	a.trace(a.b.Attempt, Moment{At: now.UTC(), What: MomentEffect, Visit: e.Visit, Boot: a.b.Boot, Effect: e.Do}, false)
}

// traceTransfer tells how far a transfer or a write has come, unless that was told before.
func (a *boardActor) traceTransfer(b *board.Board, p Progress) {
	if w := a.tracer.written; p == (Progress{}) || w == p {
		return
	}
	a.tracer.written = p
	a.trace(b.Attempt, Moment{At: p.At.UTC(), What: MomentTransfer, Visit: b.Visit, Boot: b.Boot, Artifact: p.Artifact, Step: p.Step, Done: p.Done, Total: p.Total}, false)
}

// Moments are the details of one attempt of a board, running or ended, oldest first; none where they are not kept any
// more. Lines that a power cut tore are left out.
func (f *Fleet) Moments(_ context.Context, name string, attempt uint32) ([]Moment, error) {
	v, err := f.find(name)
	if err != nil || f.cfg.Trails == nil {
		return nil, err
	}
	lines, err := f.cfg.Trails.Read(v.Spec.ID, attempt)
	if err != nil {
		return nil, fmt.Errorf("details of attempt %d of board %s: %w", attempt, name, err)
	}
	all := make([]Moment, 0, len(lines))
	for _, l := range lines {
		var m Moment
		if json.Unmarshal(l, &m) == nil && m.What != "" {
			all = append(all, m)
		}
	}
	return all, nil
}
