package actors

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// commits are those of an image on a good day: wish, off, on, live, downloading, writing, restarting, verifying, ready.
const commits = 9

// TestCrashPoints: a server that dies before or after any commit (so after or before the effects between them) finds
// the board where it was, and the attempt ends as it would have: no try, no second cut, no second boot, a good card.
func TestCrashPoints(t *testing.T) {
	for at := int32(1); at <= commits; at++ {
		for _, when := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s commit %d", when, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { crash(t, at, when == "after") })
			})
		}
	}
}

func crash(t *testing.T, at int32, stored bool) {
	w := newWorld(t, 1, nil)
	defer func() { w.f.Stop() }()
	var dead atomic.Bool
	w.journal.SetFaults(dies(at, stored, &dead))
	restarts := 0
	for range 2000 {
		if dead.Swap(false) {
			w.journal.SetFaults(persistence.Faults{})
			w.restart(1, time.Minute)
			restarts++
		}
		if w.f.ByName("board1").Board.State == board.Ready && restarts > 0 {
			break
		}
		play(w)
		time.Sleep(time.Second) // virtual
		synctest.Wait()
	}
	b := w.f.ByName("board1").Board
	if restarts != 1 || b.State != board.Ready || b.Card != "v2" || b.Attempt != 1 || b.Boot != 1 || b.Cycles != 1 || len(b.Tries) != 0 {
		t.Errorf("after %d restarts: %+v", restarts, b)
	}
	if cuts := w.rail.cuts[relayAt(1, 1)]; cuts != 1 {
		t.Errorf("cut %d times", cuts)
	}
}

// dies makes the journal fail from its at-th commit on; stored says whether that one is still on the disk.
func dies(at int32, stored bool, dead *atomic.Bool) persistence.Faults {
	var n atomic.Int32
	before := func(context.Context) error {
		if c := n.Add(1); c < at || c == at && stored {
			return nil
		}
		dead.Store(true)
		return persistence.ErrUnavailable
	}
	after := func(context.Context) error {
		if n.Load() < at {
			return nil
		}
		dead.Store(true)
		return persistence.ErrUnknown
	}
	return persistence.Faults{Before: before, After: after}
}

// play does what a good board and its user do next: a wish that is asked again until it is answered, and a script.
func play(w *world) {
	v := w.f.ByName("board1")
	says := map[board.State]board.Kind{board.Booting: board.StageRead, board.Live: board.Downloads, board.Downloading: board.Writes,
		board.Writing: board.Rebooting, board.Restarting: board.LoaderAsked}
	if v.Board.State == board.New {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		_, _ = w.f.Wish(ctx, "board1", Request{Want: board.WantImage, Image: "v2", ID: "k", By: "test"}) // refused by the dying server
		return
	}
	if kind, ok := says[v.Board.State]; ok {
		w.f.Tell("board1", Evidence{Input: board.Input{Kind: kind, Token: v.Board.Token, Good: true}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
	}
}
