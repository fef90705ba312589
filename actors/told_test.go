package actors

import (
	"sync"
	"testing"
	"testing/synctest"

	"mozpool/actors/board"
)

// Whoever is told of a transition and looks, sees it or a later one; nothing is told of twice or left out.
func TestTransitionsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []Event
		var w *world
		w = newWorld(t, 1, func(c *Config) {
			c.Told = func(name, rack string, e Event) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, e)
				if v := w.fleet().ByName(name); rack != "r1" || v == nil || v.Board.Visit < e.Visit {
					t.Errorf("told of visit %d of %s in %s, and it is shown as %+v", e.Visit, name, rack, v)
				}
			}
		})
		defer w.f.Stop()
		w.wish("board1", board.WantImage, "v2")
		w.install("board1")
		w.until("board1", board.Ready)
		history, err := w.f.History(t.Context(), "board1", 0)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(told) == 0 || len(told) != len(history) {
			t.Fatalf("told of %d transitions, the history has %d", len(told), len(history))
		}
		for i, e := range history {
			if told[i].Visit != e.Visit || told[i].To != e.To || told[i].By != e.By {
				t.Errorf("told %+v, and it was %+v", told[i], e)
			}
		}
	})
}
