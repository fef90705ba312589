package relaysim_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

func TestPowerLossPutsBoardsOn(t *testing.T) {
	t.Parallel()
	var order []relayproto.Relay
	b := listen(t, relaysim.Options{Rest: -1, OnSwitch: func(r relayproto.Relay, on bool) {
		if on {
			order = append(order, r)
		}
	}})
	s := dial(t, b, relayproto.Config{})
	if err := s.MakeOff(second, first); err != nil {
		t.Fatal(err)
	}
	b.LosePower()
	if !b.Powered(first) || !b.Powered(second) || len(order) != 2 || order[0] != first {
		t.Fatalf("given power in the order %v", order)
	}
	if err := s.MakeOff(first); !errors.Is(err, relayproto.ErrTimedOut) {
		t.Fatal("the open connection:", err)
	}
}

func TestUnpluggedAndBack(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	s := dial(t, b, relayproto.Config{})
	if err := s.MakeOff(first); err != nil {
		t.Fatal(err)
	}
	address := b.Addr()
	b.Unplug()
	if err := s.Test(); !errors.Is(err, relayproto.ErrTimedOut) {
		t.Fatal(err)
	}
	for range 2 { // a plug that is in stays in
		if err := b.Plug(); err != nil {
			t.Fatal(err)
		}
	}
	if on, err := dial(t, b, relayproto.Config{}).Read(first); on || err != nil || b.Addr() != address {
		t.Fatalf("at %s: %v, %v; want off, as before", b.Addr(), on, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Plug(); !errors.Is(err, net.ErrClosed) {
		t.Fatal("plugged after close:", err)
	}
}

func TestDeafAfterClose(t *testing.T) {
	t.Parallel()
	for _, ignore := range []bool{false, true} {
		b := listen(t, relaysim.Options{Rest: time.Hour, Ignore: ignore})
		if err := dial(t, b, relayproto.Config{}).Close(); err != nil {
			t.Fatal(err)
		}
		err := makeOff(b, 300*time.Millisecond, nil)
		want := relayproto.ErrOccupied
		if ignore {
			want = relayproto.ErrTimedOut
		}
		if !errors.Is(err, want) || !b.Powered(first) {
			t.Fatalf("%v; want %v", err, want)
		}
	}
}

func TestRestEnds(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: time.Second, Speed: 20})
	for range 2 {
		if err := dial(t, b, relayproto.Config{}).Close(); err != nil {
			t.Fatal(err)
		}
	}
	ids := b.Journal()
	if last := ids[len(ids)-1].Connection; last != 2 {
		t.Fatalf("connections served: %d; want 2, those turned away not counted", last)
	}
}

func TestSecondClientDoesNotDisturbTheFirst(t *testing.T) {
	t.Parallel()
	for _, ignore := range []bool{false, true} {
		b := listen(t, relaysim.Options{Rest: -1, Ignore: ignore})
		s := dial(t, b, relayproto.Config{})
		if err := makeOff(b, 100*time.Millisecond, nil); err == nil {
			t.Fatal("two clients at once")
		}
		if err := s.MakeOff(second); err != nil || !b.Powered(first) {
			t.Fatalf("the first client: %v; the second one's relay has power: %v", err, b.Powered(first))
		}
	}
}

func TestSlowAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	b.SetFaults(relaysim.Faults{Slow: 20 * time.Millisecond})
	if err := makeOff(b, 20*time.Second, nil); err != nil {
		t.Fatal(err)
	}
}

// An extra byte that comes alone, after the one that belongs here, answers the
// next question wrongly: one byte at a time must not make it pass.
func TestExtraByteAloneIsCaught(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{Rest: -1})
	b.SetFaults(relaysim.Faults{Nonsense: []byte{0x55, 0x55}, Slow: 20 * time.Millisecond})
	if err := makeOff(b, 20*time.Second, nil); !errors.Is(err, relayproto.ErrNonsense) {
		t.Fatal(err)
	}
}

func TestCommandInPieces(t *testing.T) {
	t.Parallel()
	for _, pieces := range []bool{false, true} {
		b := listen(t, relaysim.Options{Rest: -1, AnySegments: pieces})
		c, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte{0xFE}); err != nil {
			t.Fatal(err)
		}
		if !pieces { // the first piece is thrown away before the second is sent
			waitFor(t, func() bool { return len(b.Journal()) == 1 })
		}
		if _, err := c.Write([]byte{33}); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return len(b.Journal()) > 0 && (pieces || len(b.Journal()) == 2) })
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || (string(got) == "U") != pieces {
			t.Fatalf("pieces allowed %v: answered %q, %v", pieces, got, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	b := listen(t, relaysim.Options{})
	if _, err := relaysim.Listen(b.Addr(), relaysim.Options{}); err == nil {
		t.Fatal("two boards at one address")
	}
}

// waitFor looks again and again until the condition holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("waited in vain")
		}
	}
}
