package actors

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

// swapped has boards answer to each other's relays: a board whose relay is switched on asks for its loader's entry.
func (w *world) swapped(crossed map[string]string) {
	w.rail.onSwitch = func(s Switch, on bool) {
		name := strings.Replace(s.Line, "relay1:", "board", 1)
		if other := crossed[name]; other != "" {
			name = other
		}
		if on {
			time.AfterFunc(3*time.Second, func() { w.fleet().Tell(name, Evidence{Input: board.Input{Kind: board.LoaderAsked}}) })
		}
	}
}

// TestCrossed: the relay of board2 switches board3. Both are reported, board3 is not cut for it, and no other board.
func TestCrossed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, nil)
		defer w.f.Stop()
		w.swapped(map[string]string{"board2": "board3", "board3": "board2"})
		w.wish("board2", board.WantImage, "v2")
		v := w.until("board2", board.FailedPower)
		if v.Board.Blame == nil || v.Board.Blame.Part != board.PartWiring {
			t.Errorf("blamed %+v", v.Board.Blame)
		}
		synctest.Wait()
		i := w.f.Incidents()
		if len(i) != 1 || i[0].Kind != IncidentCrossed || i[0].Subject != "board2 and board3" {
			t.Fatalf("%+v", i)
		}
		if cuts := w.rail.cuts[relayAt(1, 3)]; cuts != 0 {
			t.Errorf("board3's relay was cut %d times", cuts)
		}
		if cuts := w.rail.cuts[relayAt(1, 2)]; cuts > crossedTimes {
			t.Errorf("board2's relay was cut %d times", cuts)
		}
		for _, name := range []string{"board2", "board3"} {
			var p *Problem
			if _, err := w.f.Wish(t.Context(), name, Request{Want: board.WantPowerCycle, By: "me"}); !errors.As(err, &p) || p.Kind != Refused {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.f.CloseIncident(i[0].ID, "me"); err != nil {
			t.Error(err)
		}
		w.swapped(nil)
		w.wish("board3", board.WantImage, "v2")
		w.install("board3")
		w.wish("board2", board.WantPowerCycle, "")
		w.until("board2", board.Ready)
	})
}

// TestHeldByChance: a board that reset by itself just when the relay of another was switched is held, and goes on once it is
// known which board that relay switches.
func TestHeldByChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, nil)
		defer w.f.Stop()
		w.wish("board4", board.WantImage, "v2")
		w.until("board4", board.Booting)
		for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes} {
			w.says("board4", k)
		}
		w.swapped(map[string]string{"board2": "board3", "board3": "board2"})
		w.wish("board2", board.WantImage, "v2")
		w.until("board2", board.Booting)
		w.f.Tell("board4", Evidence{Input: board.Input{Kind: board.LoaderAsked}})
		if v := w.until("board4", board.Waiting); !v.Board.WaitsFor(board.ForRelay) {
			t.Fatalf("it waits for %s", v.Board.WaitingFor)
		}
		w.until("board2", board.FailedPower)
		w.until("board4", board.Booting)
	})
}
