package server

import (
	"context"
	"fmt"
	"time"

	"mozpool/actors"
	"mozpool/relayproto/power"
)

// relays reaches relay boards, and what else switches power, for the actors.
type relays struct {
	speed float64 // divides the rest, for simulated relay boards
}

var _ actors.Power = relays{}

// ParsePower tells whether the text is a power line; the inventory asks it.
func ParsePower(text string) error {
	_, err := power.Parse(text)
	return err
}

// Parse implements actors.Power.
func (r relays) Parse(line string) (actors.Switch, error) {
	s, err := power.Parse(line)
	if err != nil || s.Kind == power.Manual {
		return actors.Switch{}, err
	}
	o := s.Outlet()
	return actors.Switch{Board: o.Device, Outlet: o.Name, Line: s.String(), Cycles: !s.Can.Switch,
		Rest: time.Duration(float64(s.Rest()) / r.speed)}, nil
}

// Dial implements actors.Power.
func (relays) Dial(ctx context.Context, sw actors.Switch, before func() error) (actors.RelaySession, error) {
	spec, err := power.Parse(sw.Line)
	if err != nil {
		return nil, fmt.Errorf("relay board %s: %w", sw.Board, err)
	}
	s, err := power.Open(ctx, spec, power.Options{Before: before})
	if err != nil {
		return nil, err
	}
	return session{s}, nil
}

// session is one connection to a relay board. The deadline is that of Dial's context.
type session struct{ s power.Session }

// Set implements actors.RelaySession.
func (s session) Set(_ context.Context, sw actors.Switch, on bool) error {
	if on {
		return with(sw, s.s.MakeOn)
	}
	return with(sw, s.s.MakeOff)
}

// Cycle implements actors.RelaySession.
func (s session) Cycle(_ context.Context, sw actors.Switch) error { return with(sw, s.s.Cycle) }

// Powered implements actors.RelaySession. A switch that cannot tell is believed to give power.
func (s session) Powered(_ context.Context, sw actors.Switch) (on bool, err error) {
	err = with(sw, func(spec power.Spec) error {
		if on = !spec.Can.Read; on {
			return nil
		}
		on, err = s.s.Read(spec)
		return err
	})
	return on, err
}

// Test implements actors.RelaySession.
func (s session) Test(context.Context) error {
	_, err := s.s.Test()
	return err
}

// Close implements actors.RelaySession.
func (s session) Close() error { return s.s.Close() }

func with(sw actors.Switch, do func(power.Spec) error) error {
	spec, err := power.Parse(sw.Line)
	if err != nil {
		return fmt.Errorf("power of %s: %w", sw.Board, err)
	}
	return do(spec)
}
