package actors

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"mozpool/actors/board"
)

// Tell hands evidence to a board's actor and returns at once.
func (f *Fleet) Tell(id string, e Evidence) { f.send(id, &item{in: inputOf(e)}) }

func inputOf(e Evidence) board.Input {
	in := e.Input
	if e.From.IsValid() && in.Kind == board.LoaderAsked {
		in.From = e.From.Addr().Unmap().String()
	}
	return in
}

// Report hands over how far a transfer or a write of the boot with token t has come.
func (f *Fleet) Report(id string, t board.Token, p Progress) {
	if c := f.roster.id(id); c != nil {
		if pid := c.pid.Load(); pid != nil {
			f.root.Send(pid, &report{t, p})
		}
	}
}

// Ask hands evidence to a board's actor and waits until what came of it is stored.
func (f *Fleet) Ask(ctx context.Context, id string, e Evidence) (board.Verdict, error) {
	r, err := f.ask(ctx, id, inputOf(e), nil)
	return r.Verdict, err
}

func (f *Fleet) ask(ctx context.Context, id string, in board.Input, inputs *Inputs) (board.Result, error) {
	it := &item{in: in, inputs: inputs, reply: make(chan reply, 1)}
	answer := it.reply
	if !f.send(id, it) {
		return board.Result{}, problem(NotFound, "see the list of boards", "there is no board %s", id)
	}
	select {
	case r := <-answer:
		return r.result, r.err
	case <-ctx.Done():
		return board.Result{}, problem(Unavailable, "ask again: it may have been done", "board %s has not answered in time", id)
	case <-f.ctx.Done():
		return board.Result{}, problem(Unavailable, "ask again", "the server is stopping")
	}
}

func (f *Fleet) find(name string) (*View, error) {
	if v := f.ByName(name); v != nil {
		return v, nil
	}
	return nil, NoBoard(name, f.Views())
}

// Wish asks something of a board. What it needs is pinned before the board hears of it. The answer is durable.
func (f *Fleet) Wish(ctx context.Context, name string, r Request) (Answer, error) {
	p, err := f.plan(ctx, name, r)
	if err != nil || p.answered != nil {
		return p.said(), err
	}
	res, err := f.ask(ctx, p.v.Spec.ID, p.in, p.inputs)
	if err != nil {
		return Answer{}, err
	}
	if res.Verdict == board.Moved || res.Store {
		f.line(name, "api", 6, fmt.Sprintf("attempt %d: %s, asked by %s", res.Board.Attempt, wanted(r.Want, r.Image), r.By))
	}
	return answerOf(name, res)
}

// planned is a wish that the board may be asked for.
type planned struct {
	v        *View
	in       board.Input
	inputs   *Inputs
	answered *Answer // it was asked for before
}

func (p planned) said() Answer {
	if p.answered == nil {
		return Answer{}
	}
	return *p.answered
}

// plan looks at all of a wish that the board itself does not know, and pins what it needs.
func (f *Fleet) plan(ctx context.Context, name string, r Request) (p planned, err error) {
	if p.v, err = f.find(name); err != nil {
		return p, err
	}
	v := p.v
	if i := f.incidents.crossedWith(name); i != nil && i.Closed.IsZero() {
		return p, problem(Refused, i.Remedy+", or mozpool incident close "+i.ID, "board %s: %s", name, i.Text)
	}
	if r.Want == board.WantImage && !r.Force && f.suspect(r.Image, &v.Spec) {
		return p, problem(Refused, "use another; --force puts it on all the same; mozpool image clear "+r.Image+" ends the suspicion",
			"board %s: image %s is suspect: it fails on boards that work otherwise", name, r.Image)
	}
	p.in = board.Input{Kind: board.Wish, Want: r.Want, Image: r.Image, By: r.By, Own: r.Own, WishID: wishID(r)}
	if p.answered, err = answeredBefore(v, p.in.WishID); p.answered != nil || err != nil {
		return p, err
	}
	image := r.Image
	if r.Want != board.WantImage {
		image = v.Board.Card
	}
	if err := f.staying(v); err != nil {
		return p, err
	}
	if p.inputs, err = f.cfg.Planner.Plan(ctx, v.Spec, r.Want, image, r.Config); err != nil {
		return p, fmt.Errorf("board %s: %w", name, err)
	}
	return p, nil
}

// wishID is what a wish is remembered by; zero: the asker gave no id.
func wishID(r Request) [8]byte {
	return idOf(r.ID, struct {
		Want   board.Want
		Image  string
		Config map[string]string
		Force  bool
	}{r.Want, r.Image, r.Config, r.Force})
}

// idOf is made of the asker's id, and of what is asked.
func idOf(key string, what any) (id [8]byte) {
	if key == "" {
		return id
	}
	data, err := json.Marshal(what)
	if err != nil {
		panic(fmt.Sprintf("actors: a wish is not serialisable: %v", err)) // plain fields
	}
	byKey, byWhat := sha256.Sum256([]byte(key)), sha256.Sum256(data)
	copy(id[:board.KeyBytes], byKey[:])
	copy(id[board.KeyBytes:], byWhat[:])
	return id
}

// answeredBefore is the answer to what was asked before; nil: it was not.
func answeredBefore(v *View, id [8]byte) (*Answer, error) {
	known, other := v.Board.Known(id)
	switch {
	case other:
		return nil, problem(Refused, board.OtherWishRemedy, "board %s: %s", v.Spec.Name, board.OtherWish)
	case known != nil:
		return &Answer{Board: v.Spec.Name, Attempt: known.Attempt, State: v.Board.State, Visit: v.Board.Visit, Repeated: true}, nil
	}
	return nil, nil
}

// answerOf turns a verdict into an answer or a problem.
func answerOf(name string, res board.Result) (Answer, error) {
	text := func() string { return fmt.Sprintf("board %s: %s", name, res.Refusal.Why) }
	switch res.Verdict {
	case board.Refused:
		return Answer{}, &Problem{Refused, text(), res.Refusal.Remedy}
	case board.LockedBy:
		return Answer{}, &Problem{Locked, text(), res.Refusal.Remedy}
	case board.Mismatch:
		return Answer{}, &Problem{Mismatch, text(), res.Refusal.Remedy}
	default:
		b := &res.Board
		return Answer{Board: name, Attempt: b.Attempt, State: b.State, Visit: b.Visit, Repeated: res.Verdict == board.Repeated}, nil
	}
}

// Do carries out any other word of a person or a program. The answer is durable.
func (f *Fleet) Do(ctx context.Context, name string, o Order) (Answer, error) {
	v, in, err := f.orderFor(name, o)
	if err != nil {
		return Answer{}, err
	}
	res, err := f.ask(ctx, v.Spec.ID, in, nil)
	if err != nil {
		return Answer{}, err
	}
	a, err := answerOf(name, res)
	if err == nil && res.Store {
		f.line(name, "api", 6, fmt.Sprintf("%s by %s %s", o.Kind, o.By, o.Text))
	}
	return a, err
}

// orderFor looks at all of an order that the board itself does not know.
func (f *Fleet) orderFor(name string, o Order) (v *View, in board.Input, err error) {
	if v, err = f.find(name); err != nil {
		return v, in, err
	}
	switch o.Kind {
	case board.Cancel, board.Accept, board.SetState, board.SetLock, board.Unlock, board.Remark, board.Relabel:
	default:
		return v, in, problem(BadRequest, "see the API's description", "%q is not an order", o.Kind)
	}
	if o.Kind == board.SetState && !o.To.Valid() {
		return v, in, problem(BadRequest, "use one of the states in the description", "%q is not a state", o.To)
	}
	if err := labelable(v, o); err != nil {
		return v, in, err
	}
	in = board.Input{Kind: o.Kind, By: o.By, Text: o.Text, Force: o.Force, To: o.To, Visit: o.Visit, Until: o.Until, Labels: o.Labels}
	if o.Kind != board.SetState { // which its visit keeps from being done twice
		in.WishID = idOf(o.ID, orderContent(o))
	}
	return v, in, nil
}

// orderContent is what tells one order from another.
func orderContent(o Order) Order {
	o.ID, o.By = "", ""
	return o
}

// begin asks for something in the server's own name.
func (f *Fleet) begin(name string, want board.Want, by string) {
	ctx, cancel := context.WithTimeout(f.ctx, time.Minute)
	defer cancel()
	if _, err := f.Wish(ctx, name, Request{Want: want, By: by, Own: true}); err != nil {
		f.log.Warn("a board was left as it is", "board", name, "wanted", string(want), "by", by, "error", err)
		f.line(name, "statemachine", 4, fmt.Sprintf("%s by %s: %v", want, by, err))
	}
}

// Attempts are the last attempts of a board that have ended, newest first; 0: all that are kept.
func (f *Fleet) Attempts(ctx context.Context, name string, limit int) ([]Attempt, error) {
	v, err := f.find(name)
	if err != nil {
		return nil, err
	}
	stored, err := f.cfg.Journal.Attempts(ctx, v.Spec.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("attempts of board %s: %w", name, err)
	}
	all := make([]Attempt, 0, len(stored))
	for _, s := range stored {
		a, err := decodeAttempt(s.Number, s.Summary)
		if err != nil {
			return nil, fmt.Errorf("board %s: %w", name, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// History are the last transitions of a board, oldest first; 0: all that are kept.
func (f *Fleet) History(ctx context.Context, name string, limit int) ([]Event, error) {
	v, err := f.find(name)
	if err != nil {
		return nil, err
	}
	stored, err := f.cfg.Journal.Events(ctx, v.Spec.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("history of board %s: %w", name, err)
	}
	all := make([]Event, 0, len(stored))
	for _, s := range stored {
		e, err := decodeEvent(s.Data)
		if err != nil {
			return nil, fmt.Errorf("board %s: %w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}
