package power_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
)

// each runs a test against every kind of switch.
func each(t *testing.T, test func(*testing.T, rig)) {
	for name, make := range rigs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := make(t)
			test(t, r)
			waitFor(t, func() bool { return r.left() == 0 })
		})
	}
}

// is says whether err is one of these.
func is(err error, kinds ...error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

func TestSwitchesAndReadsBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r rig) {
		s := open(t, r.spec, power.Options{})
		for _, want := range []bool{false, false, true, true} { // repeating is harmless
			do := s.MakeOff
			if want {
				do = s.MakeOn
			}
			if err := do(r.spec); err != nil {
				t.Fatal(err)
			}
			if on, err := s.Read(r.spec); err != nil || on != want || r.powered() != want {
				t.Fatalf("reads %v, %v; has power: %v; want %v", on, err, r.powered(), want)
			}
		}
		if sign, err := s.Test(); err != nil || sign.Took <= 0 || sign.Text == "" {
			t.Fatalf("%+v, %v", sign, err)
		}
		if err := s.Cycle(r.spec); !errors.Is(err, power.ErrCannot) {
			t.Fatal("cycled what can be switched:", err)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := s.MakeOff(r.spec); !errors.Is(err, net.ErrClosed) || !r.powered() {
			t.Fatal("after close:", err)
		}
		e := s.Exchange()
		if len(e.Steps) != 13 || e.Took <= 0 || e.Latency() <= 0 || e.Address != r.spec.Key() {
			t.Fatalf("recorded %d steps in %v, latency %v, at %s", len(e.Steps), e.Took, e.Latency(), e.Address)
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	turnedAway := []error{relayproto.ErrOccupied, relayproto.ErrRefused}
	for name, c := range map[string]struct {
		limit time.Duration
		want  []error // nil: it works
	}{
		"silent":   {300 * time.Millisecond, []error{relayproto.ErrTimedOut}},
		"trickle":  {0, nil},
		"reset":    {0, []error{relayproto.ErrOccupied, relayproto.ErrTimedOut, relayproto.ErrFailed}},
		"nonsense": {0, []error{relayproto.ErrNonsense}},
		"stuck":    {0, []error{relayproto.ErrMismatch, relayproto.ErrNonsense}},
		"occupied": {0, turnedAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, r rig) {
				r.fault(name)
				s, err := tryOff(t, r, c.limit)
				if c.want == nil {
					if err != nil || r.powered() {
						t.Fatalf("%v, has power: %v", err, r.powered())
					}
					return
				}
				if !is(err, c.want...) {
					t.Fatalf("%v; want one of %v", err, c.want)
				}
				r.fault("")
				if s != nil {
					goesOn(t, r, s, err)
				}
				if makeOff(t, r); r.powered() {
					t.Fatal("once the fault is over: still has power")
				}
			})
		})
	}
}

// tryOff gives the session as well, if it came to one.
func tryOff(t *testing.T, r rig, limit time.Duration) (power.Session, error) {
	t.Helper()
	if limit == 0 {
		limit = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	s, err := power.Open(ctx, r.spec, power.Options{ReplyTimeout: limit})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, s.MakeOff(r.spec)
}

// goesOn checks that a session only closes after an error, but for a relay that
// did not follow: both sides are in step then.
func goesOn(t *testing.T, r rig, s power.Session, failed error) {
	t.Helper()
	err := s.MakeOff(r.spec)
	if errors.Is(failed, relayproto.ErrMismatch) {
		if err != nil || r.powered() {
			t.Fatal("once the relay is free:", err)
		}
	} else if err == nil || !strings.Contains(err.Error(), "session is over") {
		t.Fatal("a session went on after an error:", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// makeOff tries for as long as it is turned away: a switch may still be busy
// with the connection before.
func makeOff(t *testing.T, r rig) (tries int) {
	t.Helper()
	waitFor(t, func() bool {
		tries++
		s, err := tryOff(t, r, 0)
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		if err != nil && !is(err, relayproto.ErrOccupied, relayproto.ErrRefused) {
			t.Fatal(err)
		}
		return err == nil
	})
	return tries
}

func TestEveryThirdConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r rig) {
		r.fault("third")
		tries := makeOff(t, r)
		if r.powered() || tries > 3 {
			t.Fatalf("%d tries, has power: %v", tries, r.powered())
		}
	})
}

func TestLosesPower(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r rig) {
		s := open(t, r.spec, power.Options{})
		if err := s.MakeOff(r.spec); err != nil {
			t.Fatal(err)
		}
		r.losePower()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !r.powered() {
			t.Fatal("outlets are on when a switch comes back")
		}
		if makeOff(t, r); r.powered() {
			t.Fatal("not switched again")
		}
	})
}

func TestBeforeHoldsBack(t *testing.T) {
	t.Parallel()
	gone := errors.New("lease gone")
	each(t, func(t *testing.T, r rig) {
		asked := 0
		s := open(t, r.spec, power.Options{Before: func() error {
			if asked++; asked > 2 {
				return gone
			}
			return nil
		}})
		if err := s.MakeOff(r.spec); err != nil { // the "off" and its read-back
			t.Fatal(err)
		}
		err := s.MakeOn(r.spec)
		if !errors.Is(err, relayproto.ErrHeld) || !errors.Is(err, gone) || r.powered() || asked != 3 {
			t.Fatalf("%v, has power: %v, asked %d times", err, r.powered(), asked)
		}
	})
}

func TestContextEndsAnything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r rig) {
		r.fault("silent")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s, err := power.Open(ctx, r.spec, power.Options{ReplyTimeout: time.Hour,
			Before: func() error { time.AfterFunc(50*time.Millisecond, cancel); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if err := s.MakeOff(r.spec); !errors.Is(err, context.Canceled) || errors.Is(err, relayproto.ErrTimedOut) {
			t.Fatal(err)
		}
	})
}

func TestForeignOutlet(t *testing.T) {
	t.Parallel()
	foreign := parse(t, "10.91.0.2:bank1:relay1")
	each(t, func(t *testing.T, r rig) {
		s := open(t, r.spec, power.Options{})
		_, err := s.Read(foreign)
		if err = errors.Join(err, s.MakeOn(foreign)); !errors.Is(err, power.ErrCannot) {
			t.Fatal(err)
		}
		if err := s.MakeOff(foreign); !errors.Is(err, power.ErrCannot) {
			t.Fatal(err)
		}
		if err := s.MakeOff(r.spec); err != nil || r.powered() {
			t.Fatal("the session did not go on:", err)
		}
	})
}
