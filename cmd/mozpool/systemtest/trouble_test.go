package systemtest

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/probe"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

// slow is a card's rate at which writing takes long enough to be struck in its
// middle, and shortStall the limit by which the server then notices silence: a
// board reports each 5 s.
const (
	slow       = 3 << 20
	slower     = 1 << 20 // where only a part of the card is written
	shortStall = "{stall: 20s}"
)

// The paths of boards that fail once in writing.
var (
	toWriting = []board.State{board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing}
	toReady   = []board.State{board.Restarting, board.Verifying, board.Ready}
	twice     = slices.Concat(toWriting, toWriting, toReady)
)

// slowRack has one board with a slow card, in the middle of being written.
func slowRack(t *testing.T, i Image, old *Image) (*Rack, *Board) {
	t.Helper()
	r := NewRack(t, ARM, 1, i)
	b := r.Boards[0]
	b.SlowCard(slow)
	half := func() bool { return b.HalfWritten(i.Disk) }
	if old != nil {
		b.SetDisk(old.Disk)
		b.SlowCard(slower)
		half = func() bool { return !b.Holds(old.Disk) && !b.Holds(i.Disk) }
	}
	r.Wish(b, i)
	r.Until(cycle, "the card is half written", half)
	if seen := r.Get(b); seen.State != board.Writing {
		t.Fatalf("the card is half written, and the server says %s", seen.State)
	}
	return r, b
}

// TestPowerCutInWriting: a board that loses its power in the middle of writing
// is noticed by its silence, cycled, and written again from the start.
func TestPowerCutInWriting(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	v2.Limits = shortStall
	r, b := slowRack(t, v2, nil)
	b.Unplug()
	if !b.HalfWritten(v2.Disk) {
		t.Fatal("the cut came too late: the card was whole")
	}
	b.SlowCard(0)
	r.checkReady(b, v2, twice...)
	if b.Starts() != 2 {
		t.Errorf("started %d times, want one retry", b.Starts())
	}
}

// TestServerKilled: a server that dies while the board downloads, and again
// while it writes, goes on where it was. The board, which was well, is not cycled.
func TestServerKilled(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	b.SlowCard(slow)
	r.Wish(b, v2)
	r.WaitForState(b, cycle, board.Downloading)
	r.Server.Kill()
	r.Until(cycle, "the board misses the server as it downloads", func() bool { return b.Said("transfer broke off") })
	r.Server.Start()
	r.Until(cycle, "the card is half written", func() bool { return b.HalfWritten(v2.Disk) })
	r.Server.Kill()
	r.Until(cycle, "the board has written and cannot say so", func() bool { return b.Said("event/rebooting: answer 000") })
	r.Server.Start()
	r.checkReady(b, v2, slices.Concat(toWriting, toReady)...)
	if b.Starts() != 1 {
		t.Errorf("started %d times: a board that was well was cycled", b.Starts())
	}
}

// TestResetInWriting: a board that resets in the middle of writing boots the
// old image from a half-written card, and that answers whatever it is asked.
// Whether the server saw the loader or not, it must not be called ready.
func TestResetInWriting(t *testing.T) {
	need(t, ARM)
	v1, v2 := NewImage(t, ARM, "v1"), NewImage(t, ARM, "v2")
	v2.Limits = shortStall
	t.Run("loader asks", func(t *testing.T) {
		v2 := v2
		v2.Verify = "{kind: ping, for: 2s}"
		r, b := slowRack(t, v2, &v1)
		b.SlowCard(0)
		b.Reset(false)
		r.checkReady(b, v2, twice...)
		if b.Starts() != 3 {
			t.Errorf("started %d times, want the wish's, the reset and the retry", b.Starts())
		}
	})
	t.Run("old image comes up", func(t *testing.T) {
		r, b := slowRack(t, v2, &v1)
		b.SlowCard(0)
		b.Reset(true)
		r.Until(cycle, "the image on the half-written card runs and calls", func() bool { return b.Said("RUNNING: the written image is up") })
		if seen := r.Get(b); seen.State != board.Writing || b.Said("RUNNING: the server knows") {
			t.Errorf("the server took the old image's word: %s", seen.State)
		}
		if err := ping(b.Address); err != nil {
			t.Errorf("the old image was to answer: %v", err)
		}
		r.checkReady(b, v2, twice...)
	})
}

// TestNetworkLost: six seconds without a network cost a board nothing.
func TestNetworkLost(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	b.SlowCard(slow)
	r.Wish(b, v2)
	for _, state := range []board.State{board.Downloading, board.Writing} {
		r.WaitForState(b, cycle, state)
		if err := ping(b.Address); err != nil {
			t.Errorf("before the cut: %v", err)
		}
		r.Network.Cut(b.Number)
		if err := ping(b.Address); err == nil {
			t.Error("the cut board answers")
		}
		<-time.After(6 * time.Second) // the length of the outage is what is tested
		if seen := r.Get(b); seen.State != state {
			t.Fatalf("%s without a network took the board to %s", state, seen.State)
		}
		r.Network.Mend(b.Number)
	}
	r.checkReady(b, v2, slices.Concat(toWriting, toReady)...)
	if b.Starts() != 1 {
		t.Errorf("started %d times", b.Starts())
	}
}

// TestServerFoundLater: a loader that finds no network goes round by itself,
// and finds the server without another power cycle.
func TestServerFoundLater(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	r.Network.Cut(b.Number)
	r.Wish(b, v2)
	r.Until(cycle, "the loader asks in vain", func() bool { return b.Said("BOOTP broadcast 3") })
	r.Network.Mend(b.Number)
	r.checkReady(b, v2, slices.Concat(toWriting, toReady)...)
	if b.Starts() != 1 {
		t.Errorf("started %d times", b.Starts())
	}
}

// TestFourBoards: a rack is imaged at once, each board once.
func TestFourBoards(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 4, v2)
	for _, b := range r.Boards {
		r.Wish(b, v2)
	}
	for _, b := range r.Boards {
		r.checkReady(b, v2, slices.Concat(toWriting, toReady)...)
		if b.Starts() != 1 {
			t.Errorf("%s was started %d times", b.Name, b.Starts())
		}
	}
}

// TestNetworkNever: a board that never finds a network is tried as often as
// the table says, and rests with what was seen.
func TestNetworkNever(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	v2.Limits = "{booting: 5s}"
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	r.Network.Cut(b.Number)
	r.Wish(b, v2)
	seen := r.WaitForState(b, cycle, board.FailedBoot)
	if !b.Said("BOOTP broadcast 1") {
		t.Error("the loader did not ask")
	}
	if b.Starts() != 6 {
		t.Errorf("started %d times, want a start for each of 6 tries", b.Starts())
	}
	if seen.Blame == nil || !strings.Contains(seen.Blame.Text, "the loader never asked") {
		t.Errorf("blamed: %+v", seen.Blame)
	}
}

// TestRelayInTrouble: whatever a relay board does wrong, the board that it
// powers is switched once, and imaged, when it does right again.
func TestRelayInTrouble(t *testing.T) {
	need(t, ARM)
	v2 := NewImage(t, ARM, "v2")
	r := NewRack(t, ARM, 1, v2)
	b := r.Boards[0]
	first := relayproto.Relay{Bank: 1, Number: 1}
	r.Relay.SetFaults(relaysim.Faults{Refuse: true})
	r.Wish(b, v2)
	for _, wrong := range []struct {
		name  string
		fault relaysim.Faults
	}{
		{"refuses", relaysim.Faults{Refuse: true}}, {"is mute", relaysim.Faults{Mute: true}}, {"talks nonsense", relaysim.Faults{Nonsense: []byte("?")}},
		{"drops", relaysim.Faults{Drop: true}}, {"is stuck", relaysim.Faults{Stuck: map[relayproto.Relay]bool{first: true}}},
	} {
		r.Relay.SetFaults(wrong.fault)
		t.Logf("a relay board that %s: %s", wrong.name, r.waitForRelayError(time.Now()))
		if b.Starts() != 0 {
			t.Fatalf("the relay board %s, and the board was started", wrong.name)
		}
	}
	r.Relay.SetFaults(relaysim.Faults{})
	seen := r.WaitForState(b, cycle, board.Ready)
	if !b.Holds(v2.Disk) || b.Starts() != 1 || seen.Image != v2.Name {
		t.Errorf("started %d times, ready with %s", b.Starts(), seen.Image)
	}
}

// waitForRelayError is the relay board's next error, as the server shows it.
func (r *Rack) waitForRelayError(after time.Time) (text string) {
	r.t.Helper()
	r.Until(cycle, "the server shows the relay board's error", func() bool {
		all, err := r.Server.Relays(ctx(r.t))
		if err != nil || len(all) != 1 {
			r.t.Fatalf("relay boards %+v, %v", all, err)
		}
		text = all[0].Error
		return all[0].ErrorAt != nil && all[0].ErrorAt.After(after)
	})
	return text
}

// ping asks once, by the server's own means.
func ping(address string) error {
	c, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return probe.Look(c, netip.MustParseAddr(address), actors.Check{Kind: board.VerifyPing})
}
