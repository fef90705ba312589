package httpapi

import (
	"fmt"
	"strconv"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

func (s *Server) why(r *request) error {
	w, err := s.cfg.Fleet.Why(r.name)
	if err != nil {
		return err
	}
	return s.ok(r, v1.Why{Board: w.Board, State: w.State, Since: w.Since.UTC(), Deadline: timeOrNil(w.Deadline), Text: w.Text,
		Next: w.Next, Remedy: w.Remedy, Tries: w.Tries, TriesAllowed: w.Allowed})
}

const (
	pageAttempts = 20
	maxAttempts  = 1000
)

func (s *Server) attempts(r *request) error {
	limit, err := r.query.number("limit", pageAttempts, maxAttempts)
	if err != nil {
		return err
	}
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

func attemptOf(a actors.Attempt) v1.Attempt {
	return v1.Attempt{Number: a.Number, Want: a.Want, Image: a.Image, By: a.By, Began: a.Began.UTC(), Ended: a.Ended.UTC(),
		Result: a.Result, Cycles: a.Cycles, Tries: a.Tries, Blame: a.Blame}
}

// attempt shows one attempt, with what is left of its transitions and its part of the log.
func (s *Server) attempt(r *request) error {
	text := param(r.raw, "number")
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return bad("send the number of an attempt", "%q is no number", text)
	}
	ended, err := s.cfg.Fleet.Attempts(r.ctx, r.name, maxAttempts)
	if err != nil {
		return err
	}
	for _, a := range ended {
		if uint64(a.Number) == number {
			return s.detail(r, a, false)
		}
	}
	v, err := s.find(r.name)
	if err != nil {
		return err
	}
	if b := &v.Board; uint64(b.Attempt) == number && b.Want != board.WantNothing {
		return s.detail(r, actors.Attempt{Number: b.Attempt, Want: b.Want, Image: b.Image, By: b.By, Began: time.UnixMilli(b.Began),
			Ended: s.cfg.Clock(), Result: b.State, Cycles: int(b.Cycles), Tries: triesOf(b), Blame: b.Blame}, true)
	}
	return &apiError{v1.KindNotFound, fmt.Sprintf("board %s has no attempt %d", r.name, number), "see the list of its attempts"}
}

func triesOf(b *board.Board) (n int) {
	for _, t := range b.Tries {
		n += int(t)
	}
	return n
}

// attemptLines is how many lines of the log an attempt shows at most: the last, which tell how it ended.
const attemptLines = 2000

func (s *Server) detail(r *request, a actors.Attempt, running bool) error {
	history, err := s.cfg.Fleet.History(r.ctx, r.name, 0)
	if err != nil {
		return err
	}
	d := v1.AttemptDetail{Attempt: attemptOf(a), Running: running, Events: []v1.Event{}, Lines: []v1.Line{}}
	for _, e := range history {
		if e.Attempt == a.Number {
			d.Events = append(d.Events, v1.Event{At: e.At.UTC(), From: e.From, To: e.To, By: e.By, Visit: e.Visit, Boot: e.Boot, Part: e.Part, Text: e.Text})
		}
	}
	if s.cfg.Logs == nil {
		return s.ok(r, d)
	}
	lines, err := s.cfg.Logs.Query(r.ctx, persistence.Filter{Board: r.name, Since: a.Began, Until: a.Ended, Tail: attemptLines})
	if err != nil {
		return fmt.Errorf("the log of %s: %w", r.name, err)
	}
	for _, l := range lines {
		d.Lines = append(d.Lines, lineOf(l, 0))
	}
	return s.ok(r, d)
}
