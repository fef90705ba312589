package power

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"mozpool/relayproto"
)

// verb is what an operation does to an outlet, as it stands in power lines.
type verb string

const (
	on     verb = "on"
	off    verb = "off"
	cycle  verb = "cycle"
	status verb = "status"
)

var verbs = []verb{on, off, cycle, status}

// answer is what came back: for the record, and what it says of the outlet.
type answer struct {
	sent, read string
	state      verb // on or off; empty: it does not say
}

// asker does one operation at a time for a session. Limits come from ctx;
// before is called immediately before something is sent or started. It leaves
// nothing behind.
type asker interface {
	ask(ctx context.Context, spec Spec, v verb, before func() error) (answer, error)
	// reach looks for the device of a switch that cannot be read, and says what
	// it found.
	reach(ctx context.Context, before func() error) (string, error)
	// timeout is the limit of one operation.
	timeout(spec Spec) time.Duration
}

// session is a Session of operations that do not share a connection.
type session struct {
	asker   asker
	spec    Spec
	options Options
	ctx     context.Context // of Open: one deadline over the whole session
	cancel  context.CancelFunc
	broken  error
	closed  bool
	log     relayproto.Exchange
}

func openSession(ctx context.Context, spec Spec, o Options, k kind) *session {
	s := &session{spec: spec, options: o, log: relayproto.Exchange{Address: spec.device, Began: time.Now()}}
	if _, ok := ctx.Deadline(); ok {
		s.ctx, s.cancel = context.WithCancel(ctx)
	} else {
		s.ctx, s.cancel = context.WithTimeout(ctx, relayproto.DefaultTimeout)
	}
	s.asker = k.open(s)
	return s
}

// MakeOff implements Session.
func (s *session) MakeOff(spec Spec) error { return s.make(spec, off) }

// MakeOn implements Session.
func (s *session) MakeOn(spec Spec) error { return s.make(spec, on) }

func (s *session) make(spec Spec, want verb) error {
	if !spec.Can.Switch {
		return fmt.Errorf("make %s %s: %w: it only cycles", spec, want, ErrCannot)
	}
	got, err := s.do(spec, want)
	if err != nil {
		return fmt.Errorf("make %s %s: %w", spec, want, err)
	}
	if spec.Can.Read {
		if got, err = s.readBack(spec); err != nil {
			return fmt.Errorf("read back %s after switching: %w", spec, err)
		}
	}
	if got != "" && got != want {
		return fmt.Errorf("make %s %s: %w: it reads %s", spec, want, relayproto.ErrMismatch, got)
	}
	return nil
}

const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
)

// readBack asks until it is let in, within the session's deadline: many small
// devices are deaf for a moment after each connection, and the operation that
// they just did must not count as failed for that. Reading moves nothing.
func (s *session) readBack(spec Spec) (verb, error) {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		got, err := s.do(spec, status)
		turnedAway := errors.Is(err, relayproto.ErrOccupied) || errors.Is(err, relayproto.ErrRefused)
		if !turnedAway || s.ctx.Err() != nil {
			return got, err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
			s.broken = nil
		case <-s.ctx.Done():
			t.Stop()
			return got, err
		}
	}
}

// Cycle implements Session.
func (s *session) Cycle(spec Spec) error {
	switch {
	case spec.Can.Switch:
		return fmt.Errorf("cycle %s: %w: make it off, and then on", spec, ErrCannot)
	case !spec.Can.Cycle:
		return fmt.Errorf("cycle %s: %w", spec, ErrCannot)
	}
	if _, err := s.do(spec, cycle); err != nil {
		return fmt.Errorf("cycle %s: %w", spec, err)
	}
	return nil
}

// Read implements Session.
func (s *session) Read(spec Spec) (bool, error) {
	if !spec.Can.Read {
		return false, fmt.Errorf("read %s: %w: it has no status", spec, ErrCannot)
	}
	got, err := s.do(spec, status)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", spec, err)
	}
	return got == on, nil
}

// Test implements Session: by reading the outlet of Open, or else by looking
// whether there is something to ask.
func (s *session) Test() (sign Sign, err error) {
	began := time.Now()
	defer func() { sign.Took = time.Since(began) }()
	if s.spec.Can.Read {
		got, err := s.do(s.spec, status)
		if err != nil {
			return Sign{}, fmt.Errorf("test %s: %w", s.spec, err)
		}
		return Sign{Text: "an outlet reads " + string(got)}, nil
	}
	var text string
	err = s.step(s.spec, func(ctx context.Context) (answer, error) {
		text, err = s.asker.reach(ctx, s.before)
		return answer{read: text}, err
	})
	if err != nil {
		return Sign{}, fmt.Errorf("test %s: %w", s.spec, err)
	}
	return Sign{Text: text}, nil
}

func (s *session) do(spec Spec, v verb) (state verb, err error) {
	if err := mine(s.spec.device, spec); err != nil {
		return "", err
	}
	err = s.step(spec, func(ctx context.Context) (answer, error) {
		a, err := s.asker.ask(ctx, spec, v, s.before)
		state = a.state
		return a, err
	})
	if err == nil && v == status && !slices.Contains([]verb{on, off}, state) {
		err = fmt.Errorf("%w: neither on nor off", relayproto.ErrNonsense)
		s.broken = err
	}
	return state, err
}

// step does one operation under its limit and records it.
func (s *session) step(spec Spec, do func(context.Context) (answer, error)) error {
	switch {
	case s.closed:
		return fmt.Errorf("session is over: %w", net.ErrClosed)
	case s.broken != nil:
		return fmt.Errorf("session is over: %w", s.broken)
	}
	limit := s.options.ReplyTimeout
	if limit <= 0 {
		limit = s.asker.timeout(spec)
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	began := time.Now()
	err := ended(ctx)
	var a answer
	if err == nil {
		a, err = do(ctx)
	}
	step := relayproto.Step{At: began.Sub(s.log.Began), Sent: []byte(a.sent), Read: []byte(a.read), Took: time.Since(began)}
	if err != nil {
		s.broken, step.Error = err, err.Error()
	}
	s.log.Steps = append(s.log.Steps, step)
	return err
}

// before is what askers call before they send or start something.
func (s *session) before() error {
	if s.options.Before == nil {
		return nil
	}
	if err := s.options.Before(); err != nil {
		return fmt.Errorf("%w: %w", relayproto.ErrHeld, err)
	}
	return nil
}

// ended puts the end of a context under its kind.
func ended(ctx context.Context) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("given up: %w", err)
	case err != nil:
		return fmt.Errorf("%w: %w", relayproto.ErrTimedOut, err)
	}
	return nil
}

// Exchange implements Session.
func (s *session) Exchange() relayproto.Exchange {
	e := s.log
	e.Steps = slices.Clone(e.Steps)
	return e
}

// Close implements Session.
func (s *session) Close() error {
	if !s.closed {
		s.closed = true
		s.cancel()
		s.log.Took = time.Since(s.log.Began)
	}
	return nil
}
