package relaysim_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var first = relayproto.Relay{Bank: 1, Number: 1}

func listen(t *testing.T, o relaysim.Options) *relaysim.Board {
	t.Helper()
	b, err := relaysim.Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func makeOff(b *relaysim.Board, wait time.Duration, before func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: b.Addr(), Before: before})
	if err != nil {
		return err
	}
	return errors.Join(s.MakeOff(first), s.Close())
}

func TestSwitches(t *testing.T) {
	b := listen(t, relaysim.Options{})
	if err := makeOff(b, 5*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if b.Powered(first) || len(b.Journal()) != 2 {
		t.Fatalf("powered %v, journal %v", b.Powered(first), b.Journal())
	}
	b.LosePower()
	if !b.Powered(first) {
		t.Fatal("a relay board without power cuts a board")
	}
}

func TestFaults(t *testing.T) {
	lease := errors.New("lease gone")
	for name, c := range map[string]struct {
		faults relaysim.Faults
		before func() error
		want   error
	}{
		"refuse":   {faults: relaysim.Faults{Refuse: true}, want: relayproto.ErrOccupied},
		"drop":     {faults: relaysim.Faults{Drop: true}, want: relayproto.ErrOccupied},
		"mute":     {faults: relaysim.Faults{Mute: true}, want: relayproto.ErrTimedOut},
		"stuck":    {faults: relaysim.Faults{Stuck: map[relayproto.Relay]bool{first: true}}, want: relayproto.ErrMismatch},
		"nonsense": {faults: relaysim.Faults{Nonsense: []byte{7}}, want: relayproto.ErrNonsense},
		"extra":    {faults: relaysim.Faults{Nonsense: []byte{0x55, 0x55}}, want: relayproto.ErrNonsense},
		"slow":     {faults: relaysim.Faults{Slow: time.Hour}, want: relayproto.ErrTimedOut},
		"lease":    {before: func() error { return lease }, want: lease},
	} {
		t.Run(name, func(t *testing.T) {
			b := listen(t, relaysim.Options{})
			b.SetFaults(c.faults)
			if err := makeOff(b, 300*time.Millisecond, c.before); !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
		})
	}
}

func TestEveryThirdConnection(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	b.SetFaults(relaysim.Faults{Every: 3})
	for i := 1; i <= 6; i++ {
		err := makeOff(b, 20*time.Second, nil)
		if third := i%3 == 0; third != (err == nil) || !third && !errors.Is(err, relayproto.ErrOccupied) {
			t.Fatalf("connection %d: %v", i, err)
		}
		b.WaitForOpen(0) // it may not know yet that the last one is over
	}
}

// Not parallel: it counts what the whole process has open.
func TestNoSocketStaysBehind(t *testing.T) {
	open := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc/self/fd to count open sockets in")
		}
		return len(files)
	}
	b := listen(t, relaysim.Options{Rest: -1})
	_ = makeOff(b, 20*time.Second, nil) // what the runtime opens once
	before := open()
	for _, f := range []relaysim.Faults{{Refuse: true}, {Drop: true}, {Mute: true}, {Nonsense: []byte{7}}, {}} {
		b.SetFaults(f)
		for range 10 {
			_ = makeOff(b, 20*time.Millisecond, nil) // whatever comes of it
		}
	}
	b.Unplug()
	for range 10 {
		if err := makeOff(b, 20*time.Millisecond, nil); err == nil {
			t.Fatal("switched without a plug")
		}
	}
	waitFor(t, func() bool { return open() < before+1 })
}

func TestUnpluggedRefuses(t *testing.T) {
	b := listen(t, relaysim.Options{})
	b.Unplug()
	if err := makeOff(b, time.Second, nil); !errors.Is(err, relayproto.ErrRefused) {
		t.Fatal(err)
	}
}

func TestSecondClientIsTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		ignore bool
		want   error
	}{"ended": {false, relayproto.ErrOccupied}, "ignored": {true, relayproto.ErrTimedOut}} {
		t.Run(name, func(t *testing.T) {
			b := listen(t, relaysim.Options{Ignore: c.ignore})
			s, err := relayproto.Dial(context.Background(), relayproto.Config{Address: b.Addr()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if err := s.Test(); err != nil {
				t.Fatal(err)
			}
			if err := makeOff(b, 300*time.Millisecond, nil); !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
		})
	}
}
