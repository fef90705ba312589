package actors

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// TestAStuckRelayStarvesNobody: one relay that never switches costs its own board only.
func TestAStuckRelayStarvesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 14, nil)
		defer w.f.Stop()
		w.rail.stick(relayAt(1, 1), errors.New("read back on after off"))
		for i := range 14 {
			w.wish(fmt.Sprintf("board%d", i+1), board.WantPowerOff, "")
		}
		for i := 1; i < 14; i++ {
			w.until(fmt.Sprintf("board%d", i+1), board.Off)
		}
		v := w.until("board1", board.FailedPower)
		if v.Board.Blame.Part != board.PartRelay || v.Board.Blame.Text != "read back on after off" {
			t.Errorf("blamed %+v", v.Board.Blame)
		}
	})
}

// TestAnotherStateInTheJournal: a board whose record was changed behind the actor's back is taken up as it is there.
func TestAnotherStateInTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		v := w.f.ByName("board1")
		b := v.Board
		b.State, b.Visit = board.Troubleshooting, b.Visit+5
		if err := w.journal.Commit(t.Context(), persistence.Change{Board: "board1", Epoch: 1, PrevSeq: v.Seq, Record: encode(b)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.f.Wish(t.Context(), "board1", Request{Want: board.WantPowerOff}); err == nil {
			t.Fatal("a wish was acknowledged over another state")
		}
		w.until("board1", board.Troubleshooting)
		w.wish("board1", board.WantPowerOff, "")
		w.until("board1", board.Off)
	})
}

// TestPlacesAfterARestart: boards that have power already count before those that wait are let in.
func TestPlacesAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 8, func(c *Config) { c.Racks["r1"] = RackRules{BootsAtOnce: 2} })
		for i := range 8 {
			w.wish(fmt.Sprintf("board%d", i+1), board.WantImage, "v2")
			time.Sleep(10 * time.Millisecond) // virtual; the order of asking
		}
		w.until("board1", board.Booting)
		w.until("board2", board.Booting)
		w.restart(8, 0)
		defer w.f.Stop()
		waiting := 0
		for _, v := range w.f.Views() {
			if v.Board.State == board.Waiting {
				waiting++
			}
		}
		if waiting != 6 {
			t.Errorf("%d boards wait, not 6", waiting)
		}
		w.install("board1")
		w.until("board3", board.Booting)
	})
}

// TestALimitIsNeverDropped: however much evidence queues up behind a slow disk, the limit behind it still fires.
func TestALimitIsNeverDropped(t *testing.T) {
	full := make([]*item, queueLimit)
	a := &boardActor{flight: &flight{}, queue: full}
	a.take(&item{in: board.Input{Kind: board.Timeout}})
	if len(a.queue) != queueLimit+1 {
		t.Error("the limit was dropped")
	}
}
