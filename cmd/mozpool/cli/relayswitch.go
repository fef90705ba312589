package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
)

const (
	// directPatience is how long a refused or unanswered connect is tried again: the process before may just have closed
	// its connection, and a relay board is deaf for a second after that.
	directPatience = 10 * time.Second
	directPause    = 500 * time.Millisecond
	offTime        = time.Second // of a cycle
)

// RelaySwitch is one relay, named as in boards.yaml.
type RelaySwitch struct {
	Direct bool   `help:"Past the server, for the technician in front of the rack. No server may use the relay board meanwhile."`
	Switch string `arg:"" help:"HOST[:PORT]:bankN:relayM. on and off mean the board's power, never the coil."`
}

// RelayOn is "mozpool relay on".
type RelayOn struct{ RelaySwitch }

// RelayOff is "mozpool relay off".
type RelayOff struct{ RelaySwitch }

// RelayCycle is "mozpool relay cycle".
type RelayCycle struct{ RelaySwitch }

// RelayStatus is "mozpool relay status".
type RelayStatus struct{ RelaySwitch }

// Run gives the board power.
func (r *RelayOn) Run(c *Context) error {
	return r.do(c, func(s *relayproto.Session, relay relayproto.Relay) (string, error) { return "on", s.MakeOn(relay) })
}

// Run takes the board's power.
func (r *RelayOff) Run(c *Context) error {
	return r.do(c, func(s *relayproto.Session, relay relayproto.Relay) (string, error) { return "off", s.MakeOff(relay) })
}

// Run takes the board's power for a second. Once it is off it is given back, also where the command is interrupted.
func (r *RelayCycle) Run(c *Context) error {
	return r.do(c, func(s *relayproto.Session, relay relayproto.Relay) (string, error) {
		if err := s.MakeOff(relay); err != nil {
			return "", err
		}
		t := time.NewTimer(offTime)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.Context.Done():
		}
		return "cycled", s.MakeOn(relay)
	})
}

// Run prints on or off.
func (r *RelayStatus) Run(c *Context) error {
	return r.do(c, func(s *relayproto.Session, relay relayproto.Relay) (string, error) {
		on, err := s.Read(relay)
		if on {
			return "on", err
		}
		return "off", err
	})
}

// do opens a connection to the relay board and prints what do says.
func (r *RelaySwitch) do(c *Context, do func(*relayproto.Session, relayproto.Relay) (string, error)) error {
	if !r.Direct {
		return &Error{Exit: ExitUsage, Err: errors.New("this version switches relays only past the server: add --direct, and see that no server uses the relay board")}
	}
	spec, err := power.Parse(r.Switch)
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	// A connection that has begun to switch goes on although the command is interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context), directPatience+relayproto.DefaultTimeout)
	defer cancel()
	said, err := r.patiently(c, func() (string, error) {
		s, err := relayproto.Dial(ctx, relayproto.Config{Address: spec.Relay.HostPort()})
		if err != nil {
			return "", err
		}
		said, err := do(s, spec.Relay.Relay)
		return said, errors.Join(err, s.Close())
	})
	if err != nil {
		return &Error{Exit: ExitUnreachable, Err: err}
	}
	_, err = fmt.Fprintln(c.Out, said)
	return coded(err)
}

// patiently tries again what was refused, occupied or not answered.
func (r *RelaySwitch) patiently(c *Context, try func() (string, error)) (string, error) {
	deadline := time.Now().Add(directPatience)
	for {
		said, err := try()
		again := errors.Is(err, relayproto.ErrRefused) || errors.Is(err, relayproto.ErrOccupied) || errors.Is(err, relayproto.ErrTimedOut)
		if !again || time.Now().After(deadline) {
			return said, err
		}
		t := time.NewTimer(directPause)
		select {
		case <-c.Context.Done():
			t.Stop()
			return "", err
		case <-t.C:
		}
	}
}
