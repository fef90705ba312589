package power

import (
	"context"
	"errors"

	"mozpool/relayproto"
)

// ProXR is a Switch behind one relay of a ProXR relay board; it opens a
// connection of its own for each call.
type ProXR struct {
	Spec
	// Before is relayproto.Config.Before.
	Before func() error
}

var _ Switch = ProXR{}

// MakeOff implements Switch.
func (p ProXR) MakeOff(ctx context.Context) error {
	return p.with(ctx, func(s *relayproto.Session) error { return s.MakeOff(p.Relay.Relay) })
}

// MakeOn implements Switch.
func (p ProXR) MakeOn(ctx context.Context) error {
	return p.with(ctx, func(s *relayproto.Session) error { return s.MakeOn(p.Relay.Relay) })
}

// On implements Switch.
func (p ProXR) On(ctx context.Context) (on bool, err error) {
	err = p.with(ctx, func(s *relayproto.Session) error {
		on, err = s.Read(p.Relay.Relay)
		return err
	})
	return on, err
}

func (p ProXR) with(ctx context.Context, do func(*relayproto.Session) error) error {
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: p.Key(), Before: p.Before})
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}
