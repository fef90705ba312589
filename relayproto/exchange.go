package relayproto

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Step is one command of an exchange and what came back.
type Step struct {
	At    time.Duration // since the exchange began
	Sent  []byte        // the command, 2 or 3 bytes; empty if it was held back
	Read  []byte        // usually one byte
	Took  time.Duration // write to last byte
	Error string        // empty when the reply was good
}

// Exchange is all that happened on one connection.
type Exchange struct {
	Address   string // host:port
	Began     time.Time
	Connected time.Duration // how long the connect took
	Took      time.Duration // connect to close; 0 while open
	Steps     []Step
}

func (e Exchange) clone() Exchange {
	e.Steps = slices.Clone(e.Steps)
	return e
}

// Latency is the median time from a command to its answer, over the steps that
// were answered well; 0: none was.
func (e Exchange) Latency() time.Duration {
	var took []time.Duration
	for _, s := range e.Steps {
		if s.Error == "" {
			took = append(took, s.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// do sends one command in one write and judges the reply.
func (s *Session) do(c Command) (energised bool, err error) {
	if s.broken != nil {
		return false, fmt.Errorf("session is over: %w", s.broken)
	}
	wire, err := c.Encode()
	if err != nil {
		return false, err // nothing was sent: the session is still in step
	}
	began := time.Now()
	step := Step{At: began.Sub(s.log.Began)}
	energised, err = s.ask(c, wire, &step)
	step.Took = time.Since(began)
	if err != nil {
		s.broken, step.Error = err, err.Error()
	}
	s.log.Steps = append(s.log.Steps, step)
	return energised, err
}

func (s *Session) ask(c Command, wire []byte, step *Step) (bool, error) {
	if s.config.Before != nil {
		if err := s.config.Before(); err != nil {
			return false, fmt.Errorf("%w: %w", ErrHeld, err)
		}
	}
	if err := s.arm(); err != nil {
		return false, err
	}
	if late := waiting(s.conn); len(late) > 0 {
		step.Read = late
		return false, fmt.Errorf("%w: late bytes % x before %s was asked", ErrNonsense, late, c.Verb)
	}
	step.Sent = wire
	if _, err := s.conn.Write(wire); err != nil {
		return false, IOError(s.ctx, err, s.heard)
	}
	// Room for more than the one byte that belongs here: an extra byte would
	// otherwise answer the next command.
	buffer := make([]byte, 8)
	n, err := s.conn.Read(buffer)
	step.Read = buffer[:n]
	if n == 0 {
		return false, IOError(s.ctx, err, s.heard)
	}
	s.heard = true
	if n > 1 {
		return false, fmt.Errorf("%w: %d bytes % x where one belongs", ErrNonsense, n, buffer[:n])
	}
	return c.DecodeReply(buffer[0])
}

// arm sets the limit of one reply. The look at the context comes after it: the
// hook that wakes us when the context ends may have run before, and its
// deadline would be overwritten.
func (s *Session) arm() error {
	if err := s.conn.SetDeadline(time.Now().Add(s.config.ReplyTimeout)); err != nil {
		return IOError(s.ctx, err, s.heard)
	}
	switch err := s.ctx.Err(); {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("given up: %w", err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrTimedOut, err)
	}
	return nil
}
