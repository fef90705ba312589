package power

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mozpool/relayproto"
)

func parseProXR(line string) (Spec, error) {
	if strings.ContainsAny(line, "/@") { // some URL; it may hold a password
		return Spec{}, errors.New("power: no such kind of switch; write a relay as host[:port]:bankN:relayM, or exec:/program …, http://…, https://…, manual")
	}
	address, err := relayproto.ParseAddress(line)
	if err != nil {
		return Spec{}, err
	}
	address.Host = strings.ToLower(address.Host) // names differ by more than their case
	return Spec{Kind: ProXR, Relay: address, Can: Can{Switch: true, Read: true},
		device: address.HostPort(), outlet: address.Relay.String(), line: address.String()}, nil
}

// proxr is a Session on a relay board's one connection.
type proxr struct {
	*relayproto.Session
	device string
}

func openProXR(ctx context.Context, spec Spec, o Options) (Session, error) {
	s, err := relayproto.Dial(ctx, relayproto.Config{
		Address: spec.Relay.HostPort(), Source: o.Source, Before: o.Before, ReplyTimeout: o.ReplyTimeout})
	if err != nil {
		return nil, err
	}
	return proxr{s, spec.device}, nil
}

// MakeOff implements Session.
func (p proxr) MakeOff(spec Spec) error { return p.make(spec, p.Session.MakeOff) }

// MakeOn implements Session.
func (p proxr) MakeOn(spec Spec) error { return p.make(spec, p.Session.MakeOn) }

func (p proxr) make(spec Spec, do func(...relayproto.Relay) error) error {
	if err := mine(p.device, spec); err != nil {
		return err
	}
	return do(spec.Relay.Relay)
}

// Cycle implements Session: a relay is switched off and on, by who records both.
func (p proxr) Cycle(spec Spec) error {
	return fmt.Errorf("cycle %s: %w: make it off, and then on", spec, ErrCannot)
}

// Read implements Session.
func (p proxr) Read(spec Spec) (bool, error) {
	if err := mine(p.device, spec); err != nil {
		return false, err
	}
	return p.Session.Read(spec.Relay.Relay)
}

// Test implements Session by the two-way test; no relay moves.
func (p proxr) Test() (Sign, error) {
	sign, err := p.SelfTest()
	if err != nil {
		return Sign{Took: sign.Took}, err
	}
	return Sign{Took: sign.Took, Text: "answered the two-way test"}, nil
}
