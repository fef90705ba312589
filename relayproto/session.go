package relayproto

import (
	"context"
	"fmt"
	"net"
	"time"
)

// DefaultTimeout bounds an exchange whose context has no deadline.
const DefaultTimeout = 10 * time.Second

// DefaultReplyTimeout bounds the wait for one reply. A healthy relay board
// answers within milliseconds; a mute one must not eat the whole exchange.
const DefaultReplyTimeout = 2 * time.Second

// Config says how to reach one relay board.
type Config struct {
	// Address is the relay board's "host:port"; see Address.HostPort.
	Address string
	// Source is the local address to dial from; nil: the system chooses.
	Source net.IP
	// Before is called immediately before each write, reads included; its error
	// stops the exchange with ErrHeld and nothing of that command is sent. Here
	// the caller checks that it still holds the rack's lease. nil: always go.
	Before func() error
	// ReplyTimeout bounds each command with its reply, within the deadline over
	// the whole exchange; 0: DefaultReplyTimeout.
	ReplyTimeout time.Duration
}

// Session is one TCP connection to a relay board. It is not safe for
// concurrent use. After an error it only closes: the byte stream may be out of
// step, and a late reply must not answer a later question.
type Session struct {
	config Config
	conn   *net.TCPConn
	ctx    context.Context // of Dial: one deadline over the whole exchange
	cancel context.CancelFunc
	unhook func() bool
	heard  bool
	broken error
	log    Exchange
}

// Dial connects. The context's deadline (DefaultTimeout without one) covers the
// connect and all that the session does after it; cancelling ends any of it.
// Errors: ErrRefused, ErrOccupied, ErrUnreachable, the context's. Dial starts nothing that
// outlives Close.
func Dial(ctx context.Context, config Config) (*Session, error) {
	if config.ReplyTimeout <= 0 {
		config.ReplyTimeout = DefaultReplyTimeout
	}
	ctx, cancel := bounded(ctx)
	s := &Session{config: config, ctx: ctx, cancel: cancel, log: Exchange{Address: config.Address, Began: time.Now()}}
	conn, err := connect(ctx, config.Address, config.Source)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("connect to relay board %s: %w", config.Address, err)
	}
	s.conn = conn
	s.log.Connected = time.Since(s.log.Began)
	// A deadline in the past wakes a blocked read or write when ctx ends.
	// It takes conn, not s.conn, since Close may run beside it.
	tcp := s.conn
	s.unhook = context.AfterFunc(ctx, func() { _ = tcp.SetDeadline(time.Unix(1, 0)) })
	return s, nil
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// MakeOff takes the power of these boards away, in order, and reads each relay
// back. It stops at the first error: those before it are off, those after it
// untouched. Repeating it is harmless.
func (s *Session) MakeOff(relays ...Relay) error { return s.make(false, relays) }

// MakeOn gives these boards power, in order, and reads each relay back, as
// MakeOff does. It never cuts a board that has power.
func (s *Session) MakeOn(relays ...Relay) error { return s.make(true, relays) }

func (s *Session) make(on bool, relays []Relay) error {
	verb := Energise
	if on {
		verb = Release
	}
	for _, r := range relays {
		if _, err := s.do(Command{Verb: verb, Relay: r}); err != nil {
			return fmt.Errorf("make %s %s %s: %w", s.config.Address, r, onOff(on), err)
		}
		got, err := s.Read(r)
		if err != nil {
			return fmt.Errorf("read back after switching: %w", err)
		}
		if got != on {
			return fmt.Errorf("make %s %s %s: %w: it reads %s", s.config.Address, r, onOff(on), ErrMismatch, onOff(got))
		}
	}
	return nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Read says whether the board behind the relay has power, as far as the relay
// board knows; a welded contact it cannot see.
func (s *Session) Read(r Relay) (on bool, err error) {
	energised, err := s.do(Command{Verb: ReadCoil, Relay: r})
	if err != nil {
		return false, fmt.Errorf("read %s %s: %w", s.config.Address, r, err)
	}
	return !energised, nil
}

// Test asks the relay board for a sign of life; no relay moves.
func (s *Session) Test() error {
	if _, err := s.do(Command{Verb: Test}); err != nil {
		return fmt.Errorf("test relay board %s: %w", s.config.Address, err)
	}
	return nil
}

// Sign is a relay board's sign of life.
type Sign struct {
	Connected time.Duration // how long the connect took
	Took      time.Duration // from the write of the test to its answer
}

// SelfTest is Test with what it measured. Errors: those of Test; then the
// times are those until it failed.
func (s *Session) SelfTest() (Sign, error) {
	began := time.Now()
	err := s.Test()
	return Sign{Connected: s.log.Connected, Took: time.Since(began)}, err
}

// Exchange reports what was sent and read so far, for the attempt's record.
func (s *Session) Exchange() Exchange { return s.log.clone() }

// Close ends the connection in order. The relay board is deaf for about a
// second after it. A second Close does nothing.
func (s *Session) Close() error {
	if s.conn == nil {
		return nil
	}
	s.unhook()
	s.cancel()
	err := Conn{s.conn}.Close()
	s.conn, s.broken = nil, net.ErrClosed
	s.log.Took = time.Since(s.log.Began)
	if err != nil {
		return fmt.Errorf("close connection to relay board %s: %w", s.config.Address, err)
	}
	return nil
}
