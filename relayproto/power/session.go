package power

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"mozpool/relayproto"
)

// Session drives the outlets of one device, for one caller, under one deadline:
// that of the context it was opened with, which ends whatever it waits for. Its
// errors are those of relayproto, for errors.Is, and ErrCannot. After any of
// relayproto's but ErrMismatch, which leaves both sides in step, it only closes.
type Session interface {
	// MakeOff takes the outlet's power and, where the switch can tell, reads it
	// back (ErrMismatch). Repeating it is harmless.
	MakeOff(Spec) error
	// MakeOn gives the outlet power, likewise. It never cuts an outlet that has power.
	MakeOn(Spec) error
	// Cycle lets a switch that has only that (not Can.Switch) take the power and
	// give it back. Repeating it cuts again, and after any error but ErrHeld and
	// ErrCannot it may have happened: record it before, and wait for evidence.
	Cycle(Spec) error
	// Read says whether the outlet has power, as far as the switch knows.
	Read(Spec) (on bool, err error)
	// Test asks the device for a sign of life; no outlet moves.
	Test() (Sign, error)
	// Exchange is what was sent and read so far, for the attempt's record.
	Exchange() relayproto.Exchange
	// Close leaves nothing behind. A second one does nothing.
	Close() error
}

// ErrCannot says that the switch has no such operation, or that the outlet is
// not on the session's device. Nothing was sent, and the session goes on.
var ErrCannot = errors.New("switch cannot do that")

// Sign is a device's sign of life.
type Sign struct {
	Took time.Duration // from asking to the answer
	Text string        // what answered, for people; empty: nothing did
}

// Options say how to reach a device; the zero value is good.
type Options struct {
	// Source is the local address to connect from; nil: the system chooses.
	Source net.IP
	// Before is called immediately before anything is sent or started, reads
	// included; its error stops that with ErrHeld. nil: always go.
	Before func() error
	// ReplyTimeout bounds one operation, within the deadline over the session;
	// 0: the line's timeout, or its kind's.
	ReplyTimeout time.Duration
	// Getenv looks up variables that a line names; nil: os.LookupEnv.
	Getenv func(name string) (string, bool)
}

// Open reaches the device of spec, or gets ready to: only relay boards have a
// connection that outlasts one operation. The context bounds all that the
// session does (10 s if it has no deadline). Test uses the outlet of spec,
// the other operations take any outlet of the device. Close it.
func Open(ctx context.Context, spec Spec, o Options) (Session, error) {
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if spec.Kind == ProXR {
		return openProXR(ctx, spec, o)
	}
	k, ok := kinds[spec.Kind]
	if !ok {
		return nil, fmt.Errorf("open %s: %w: a person switches it", spec, ErrCannot)
	}
	return openSession(ctx, spec, o, k), nil
}

// mine refuses an outlet of another device: it would be switched past whatever
// keeps that device's exchanges apart.
func mine(device string, spec Spec) error {
	if spec.device != device {
		return fmt.Errorf("%w: %s is not on %s", ErrCannot, spec, device)
	}
	return nil
}
