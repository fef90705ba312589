package actors

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// TestNobodyIsCutForTheServersSilence: a board that writes while nothing can be stored, as in a server without a majority,
// has nobody to tell. Once somebody hears again it has its whole stall limit to speak; one that is dead shows then.
func TestNobodyIsCutForTheServersSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.Booting)
		for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes} {
			w.says("board1", k)
		}
		writing := w.until("board1", board.Writing)
		var deaf atomic.Bool
		deaf.Store(true)
		w.journal.SetFaults(persistence.Faults{Before: func(context.Context) error {
			if deaf.Load() {
				return persistence.ErrUnavailable
			}
			return nil
		}})
		time.Sleep(3 * time.Minute) // virtual; its stall limit is 2 minutes
		deaf.Store(false)
		time.Sleep(50 * time.Second) // virtual
		synctest.Wait()
		if v := w.f.ByName("board1"); v.Board.Visit != writing.Board.Visit {
			t.Fatalf("a board that writes was moved to %s when the journal came back", v.Board.State)
		}
		w.until("board1", board.Booting) // it stays silent, is cut and boots
		if tries := w.f.ByName("board1").Board.Tries[board.Writing]; tries != 1 {
			t.Errorf("the silence that was heard cost %d tries, want 1", tries)
		}
	})
}
