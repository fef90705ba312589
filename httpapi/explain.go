package httpapi

import (
	"fmt"
	"strconv"
	"time"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

func (s *Server) why(r *request) error {
	w, err := s.cfg.Fleet.Why(r.name)
	if err != nil {
		return err
	}
	return s.ok(r, v1.Why{Board: w.Board, State: w.State, Since: w.Since.UTC(), Deadline: timeOrNil(w.Deadline), Text: w.Text,
		Next: w.Next, Remedy: w.Remedy, Tries: w.Tries, TriesAllowed: w.Allowed, AsOf: timeOrNil(w.AsOf), Evidence: evidenceOf(w.Evidence)})
}

const (
	pageAttempts = 20
	maxAttempts  = 1000
	pageHistory  = 20
)

func (s *Server) attempts(r *request) error {
	limit, err := r.query.number("limit", pageAttempts, maxAttempts)
	if err != nil {
		return err
	}
	s.freshen(r, r.name)
	ended, err := s.cfg.Fleet.Attempts(r.ctx, r.name, limit)
	if err != nil {
		return err
	}
	all := v1.Attempts{Attempts: make([]v1.Attempt, len(ended))}
	for i, a := range ended {
		all.Attempts[i] = attemptOf(a)
	}
	return s.ok(r, all)
}

// history shows the last transitions of a board, whatever attempts they belong to.
func (s *Server) history(r *request) error {
	limit, err := r.query.number("limit", pageHistory, persistence.KeepEvents)
	if err != nil {
		return err
	}
	s.freshen(r, r.name)
	past, err := s.cfg.Fleet.History(r.ctx, r.name, limit)
	if err != nil {
		return err
	}
	all := v1.History{Transitions: make([]v1.Transition, len(past))}
	for i, e := range past {
		all.Transitions[len(past)-1-i] = v1.Transition{Attempt: e.Attempt, Event: eventOf(e)}
	}
	return s.ok(r, all)
}

func eventOf(e actors.Event) v1.Event {
	return v1.Event{At: e.At.UTC(), From: e.From, To: e.To, By: e.By, Visit: e.Visit, Boot: e.Boot, Part: e.Part, Text: e.Text}
}

func attemptOf(a actors.Attempt) v1.Attempt {
	return v1.Attempt{Number: a.Number, Want: a.Want, Image: a.Image, By: a.By, Began: a.Began.UTC(), Ended: a.Ended.UTC(),
		Result: a.Result, Cycles: a.Cycles, Tries: a.Tries, Blame: a.Blame}
}

// attempt shows one attempt, also the one that runs, with its transitions and details as far as they are kept.
func (s *Server) attempt(r *request) error {
	text := param(r.raw, "number")
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return bad("send the number of an attempt", "%q is no number", text)
	}
	s.freshen(r, r.name)
	ended, err := s.cfg.Fleet.Attempts(r.ctx, r.name, maxAttempts)
	if err != nil {
		return err
	}
	for _, a := range ended {
		if uint64(a.Number) == number {
			return s.detail(r, a)
		}
	}
	if a, ok := s.running(r.name); ok && uint64(a.Number) == number {
		return s.detail(r, a)
	}
	return &apiError{v1.KindNotFound, fmt.Sprintf("board %s has no attempt %d", r.name, number), "see the list of its attempts"}
}

// running is the attempt that a board is in.
func (s *Server) running(name string) (actors.Attempt, bool) {
	v := s.cfg.Fleet.ByName(name)
	if v == nil || v.Board.State.Rest() {
		return actors.Attempt{}, false
	}
	b := &v.Board
	a := actors.Attempt{Number: b.Attempt, Want: b.Want, Image: b.Image, By: b.By, Began: time.UnixMilli(b.Began), Result: b.State, Cycles: int(b.Cycles), Blame: b.Blame}
	for _, n := range b.Tries {
		a.Tries += int(n)
	}
	return a, true
}

func (s *Server) detail(r *request, a actors.Attempt) error {
	history, err := s.cfg.Fleet.History(r.ctx, r.name, 0)
	if err != nil {
		return err
	}
	moments, missing, err := s.moments(r, a.Number)
	if err != nil {
		return err
	}
	d := v1.AttemptDetail{Attempt: attemptOf(a), Events: []v1.Event{}, Moments: make([]v1.Moment, len(moments)), Missing: some(missing),
		Log: v1.LogRange{Since: a.Began.UTC(), Until: a.Ended.UTC()}}
	if a.Ended.IsZero() {
		d.Log.Until = s.cfg.Clock().UTC()
	}
	for _, e := range history {
		if e.Attempt == a.Number {
			d.Events = append(d.Events, eventOf(e))
		}
	}
	for i, m := range moments {
		d.Moments[i] = v1.Moment(m)
	}
	return s.ok(r, d)
}

// moments reads the details of an attempt, and names the servers that did not say what they have of it.
func (s *Server) moments(r *request, attempt uint32) (all []actors.Moment, missing []string, err error) {
	if spread, ok := s.cfg.Fleet.(SpreadFleet); ok {
		return spread.MomentsOfAll(r.ctx, r.name, attempt)
	}
	all, err = s.cfg.Fleet.Moments(r.ctx, r.name, attempt)
	return all, nil, err
}
