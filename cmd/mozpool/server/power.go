package server

import (
	"context"
	"fmt"
	"time"

	"mozpool/actors"
	"mozpool/relayproto"
	"mozpool/relayproto/power"
)

// relayRest is how long a relay board is deaf after a connection was closed.
const relayRest = time.Second

// relayTest is how often an idle relay board is asked for a sign of life.
const relayTest = 5 * time.Minute

// relays reaches ProXR relay boards for the actors.
type relays struct {
	speed float64 // divides the rest, for simulated relay boards
}

var _ actors.Power = relays{}

// ParsePower tells whether the text is a power address; the inventory asks it.
func ParsePower(text string) error {
	_, err := relays{}.Parse(text)
	return err
}

// Parse implements actors.Power.
func (relays) Parse(spec string) (actors.Switch, error) {
	s, err := power.Parse(spec)
	switch {
	case err != nil || s.Kind == power.Manual:
		return actors.Switch{}, err
	case s.Kind != power.ProXR:
		return actors.Switch{}, fmt.Errorf("power: servers of this version drive relay boards only, not %s switches, which mozpool relay --direct reaches; use a relay, host[:port]:bankN:relayM, or manual", s.Kind)
	}
	return actors.Switch{Board: s.Key(), Bank: s.Relay.Relay.Bank, Relay: s.Relay.Relay.Number}, nil
}

// Dial implements actors.Power.
func (relays) Dial(ctx context.Context, relayBoard string, before func() error) (actors.RelaySession, error) {
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: relayBoard, Before: before})
	if err != nil {
		return nil, err
	}
	return session{s}, nil
}

// Rest implements actors.Power.
func (r relays) Rest() time.Duration { return time.Duration(float64(relayRest) / r.speed) }

// session is one connection to a relay board.
type session struct{ s *relayproto.Session }

// Set implements actors.RelaySession. The deadline is that of Dial's context.
func (s session) Set(_ context.Context, sw actors.Switch, on bool) error {
	if on {
		return s.s.MakeOn(relayOf(sw))
	}
	return s.s.MakeOff(relayOf(sw))
}

// Powered implements actors.RelaySession.
func (s session) Powered(_ context.Context, sw actors.Switch) (bool, error) {
	return s.s.Read(relayOf(sw))
}

// Test implements actors.RelaySession.
func (s session) Test(context.Context) error { return s.s.Test() }

// Close implements actors.RelaySession.
func (s session) Close() error { return s.s.Close() }

func relayOf(sw actors.Switch) relayproto.Relay {
	return relayproto.Relay{Bank: sw.Bank, Number: sw.Relay}
}
