package relaysim_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

var second = relayproto.Relay{Bank: 4, Number: 8}

// dial tries until the relay board takes the connection and answers a test, as
// it is deaf for a while after each close.
func dial(t *testing.T, b *relaysim.Board, c relayproto.Config) *relayproto.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	c.Address = b.Addr()
	for {
		s, err := relayproto.Dial(ctx, c)
		if err == nil {
			if err = s.Test(); err == nil {
				t.Cleanup(func() { _ = s.Close() })
				return s
			}
			_ = s.Close()
		}
		if ctx.Err() != nil {
			t.Fatalf("no connection: %v", err)
		}
	}
}

func TestSessionIsRecorded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []bool
	b := listen(t, relaysim.Options{Rest: -1, OnSwitch: func(r relayproto.Relay, on bool) {
		mu.Lock()
		defer mu.Unlock()
		if r == second {
			told = append(told, on)
		}
	}})
	s := dial(t, b, relayproto.Config{})
	for _, want := range []bool{false, true} {
		switchTo := s.MakeOff
		if want {
			switchTo = s.MakeOn
		}
		if err := switchTo(first, second); err != nil {
			t.Fatal(err)
		}
		if on, err := s.Read(second); err != nil || on != want || b.Powered(second) != want {
			t.Fatalf("reads %v, %v; has power: %v; want %v", on, err, b.Powered(second), want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal("a second close:", err)
	}
	if err := s.Test(); !errors.Is(err, net.ErrClosed) {
		t.Fatal("after close:", err)
	}
	e := s.Exchange()
	if len(e.Steps) != 11 || e.Took == 0 || string(e.Steps[0].Sent) != "\xfe\x21" || string(e.Steps[0].Read) != "U" {
		t.Fatalf("recorded %+v", e)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(told, []bool{false, true}) {
		t.Fatal("the board behind the relay saw", told)
	}
}

func TestAfterAnErrorNothingIsSent(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s := dial(t, b, relayproto.Config{})
	b.SetFaults(relaysim.Faults{Nonsense: []byte{7}})
	if err := s.MakeOff(first); !errors.Is(err, relayproto.ErrNonsense) {
		t.Fatal(err)
	}
	b.SetFaults(relaysim.Faults{})
	sent := len(b.Journal())
	if err := s.MakeOff(second); !errors.Is(err, relayproto.ErrNonsense) || len(b.Journal()) != sent {
		t.Fatalf("%v, %d commands after the error", err, len(b.Journal())-sent)
	}
}

func TestWrongRelaySendsNothingAndKeepsTheSession(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s := dial(t, b, relayproto.Config{})
	if err := s.MakeOff(relayproto.Relay{Bank: 5, Number: 1}); err == nil {
		t.Fatal("bank 5 was switched")
	}
	if err := s.Test(); err != nil {
		t.Fatal(err)
	}
}

func TestBeforeIsAskedForEachWrite(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	left := 2 // the test of dial, and the "off"; the lease is gone at the read-back
	gone := errors.New("lease gone")
	s := dial(t, b, relayproto.Config{Before: func() error {
		if left--; left < 0 {
			return gone
		}
		return nil
	}})
	err := s.MakeOff(first)
	if !errors.Is(err, relayproto.ErrHeld) || !errors.Is(err, gone) || len(b.Journal()) != 2 {
		t.Fatalf("%v, %d commands arrived", err, len(b.Journal()))
	}
}

func TestMuteCostsOneReplyTimeout(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	b.SetFaults(relaysim.Faults{Mute: true})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: b.Addr(), ReplyTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.MakeOff(first); !errors.Is(err, relayproto.ErrTimedOut) || ctx.Err() != nil {
		t.Fatalf("%v; the exchange's own time: %v", err, ctx.Err())
	}
}

// Even a board that answers well has no time at all.
func TestReplyTimeoutIsTheOneGiven(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s, err := relayproto.Dial(context.Background(), relayproto.Config{Address: b.Addr(), ReplyTimeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Test(); !errors.Is(err, relayproto.ErrTimedOut) {
		t.Fatal(err)
	}
}

func TestExtraByteIsNonsenseAtOnce(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s := dial(t, b, relayproto.Config{})
	b.SetFaults(relaysim.Faults{Nonsense: []byte{0x55, 0x55}})
	if err := s.Test(); !errors.Is(err, relayproto.ErrNonsense) {
		t.Fatal(err)
	}
}

func TestCancelEndsAWait(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	b.SetFaults(relaysim.Faults{Mute: true})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: b.Addr(), ReplyTimeout: time.Hour,
		Before: func() error { time.AfterFunc(20*time.Millisecond, cancel); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Test(); !errors.Is(err, context.Canceled) || errors.Is(err, relayproto.ErrTimedOut) {
		t.Fatal(err)
	}
}

func TestCanceledBeforeTheWriteSendsNothing(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	ctx, cancel := context.WithCancel(context.Background())
	s, err := relayproto.Dial(ctx, relayproto.Config{Address: b.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	cancel()
	if err := s.MakeOff(first); !errors.Is(err, context.Canceled) || len(b.Journal()) != 0 {
		t.Fatalf("%v, journal %v", err, b.Journal())
	}
}

func TestDialFrom(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	_ = dial(t, b, relayproto.Config{Source: net.IPv4(127, 0, 0, 9)})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := relayproto.Dial(ctx, relayproto.Config{Address: b.Addr()}); !errors.Is(err, context.Canceled) {
		t.Fatal("a cancelled dial:", err)
	}
	_, err := relayproto.Dial(context.Background(), relayproto.Config{Address: "127.0.0.1:1", Source: net.IPv4(192, 0, 2, 1)})
	if !errors.Is(err, relayproto.ErrUnreachable) || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Fatal("from an address that is not ours:", err)
	}
}

func TestSelfTestMeasures(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s := dial(t, b, relayproto.Config{})
	b.SetFaults(relaysim.Faults{Slow: 5 * time.Millisecond})
	sign, err := s.SelfTest()
	if err != nil || sign.Took < 5*time.Millisecond || sign.Connected <= 0 {
		t.Fatalf("%+v, %v", sign, err)
	}
	b.SetFaults(relaysim.Faults{Nonsense: []byte{7}})
	if _, err := s.SelfTest(); !errors.Is(err, relayproto.ErrNonsense) {
		t.Fatal(err)
	}
}
