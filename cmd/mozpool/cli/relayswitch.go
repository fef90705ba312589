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

// RelaySwitch is one relay, or another switch, named as in boards.yaml.
type RelaySwitch struct {
	Force  bool   `help:"Switch although the record of the board behind it does not follow."`
	Direct bool   `help:"Past the server, for the technician in front of the rack. No server may use the relay board meanwhile."`
	Switch string `arg:"" help:"HOST[:PORT]:bankN:relayM, or another power line of boards.yaml (exec:…, http://…). on and off mean the board's power, never the coil."`
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
	return r.do(c, "on", func(s power.Session, spec power.Spec) (string, error) { return "on", s.MakeOn(spec) })
}

// Run takes the board's power.
func (r *RelayOff) Run(c *Context) error {
	return r.do(c, "off", func(s power.Session, spec power.Spec) (string, error) { return "off", s.MakeOff(spec) })
}

// Run takes the board's power for a second. Once it is off it is given back, also where the command is interrupted.
func (r *RelayCycle) Run(c *Context) error {
	return r.do(c, "cycle", func(s power.Session, spec power.Spec) (string, error) {
		if !spec.Can.Switch {
			return "cycled", s.Cycle(spec)
		}
		if err := s.MakeOff(spec); err != nil {
			return "", err
		}
		t := time.NewTimer(offTime)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.Context.Done():
		}
		return "cycled", s.MakeOn(spec)
	})
}

// Run prints on or off.
func (r *RelayStatus) Run(c *Context) error {
	return r.do(c, "status", func(s power.Session, spec power.Spec) (string, error) {
		on, err := s.Read(spec)
		if on {
			return "on", err
		}
		return "off", err
	})
}

// do has the server do what verb says or, past it, opens a connection to the relay board and prints what do says.
func (r *RelaySwitch) do(c *Context, verb string, do func(power.Session, power.Spec) (string, error)) error {
	if !r.Direct {
		return r.ask(c, verb)
	}
	spec, err := power.Parse(r.Switch)
	if err != nil {
		return &Error{Exit: ExitUsage, Err: err}
	}
	// A connection that has begun to switch goes on although the command is interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context), directPatience+relayproto.DefaultTimeout)
	defer cancel()
	said, err := patiently(c, spec.Can.Switch, func() (string, error) {
		s, err := power.Open(ctx, spec, power.Options{})
		if err != nil {
			return "", err
		}
		said, err := do(s, spec)
		return said, errors.Join(err, s.Close())
	})
	switch {
	case errors.Is(err, power.ErrCannot):
		return &Error{Exit: ExitUsage, Err: err}
	case err != nil:
		return &Error{Exit: ExitUnreachable, Err: err}
	}
	_, err = fmt.Fprintln(c.Out, said)
	return coded(err)
}

// patiently tries again what was refused, occupied or not answered. A switch that only cycles (repeatable is false) may
// have done so without an answer, and would cut the board again: it is tried again only where it was not reached.
func patiently(c *Context, repeatable bool, try func() (string, error)) (string, error) {
	deadline := time.Now().Add(directPatience)
	for {
		said, err := try()
		again := errors.Is(err, relayproto.ErrRefused) ||
			repeatable && (errors.Is(err, relayproto.ErrOccupied) || errors.Is(err, relayproto.ErrTimedOut))
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
