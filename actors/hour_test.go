package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

// TestTheHourPasses: a board that has used its power cycles of the hour waits for the hour, and no longer; also where the
// clock by which they were counted was another server's and ahead, and where the clock is set back meanwhile.
func TestTheHourPasses(t *testing.T) {
	const hour, more = time.Hour, 61 * time.Minute
	for name, test := range map[string]struct{ then, later, most time.Duration }{
		"one clock":            {most: hour},
		"counted by one ahead": {then: -hour, most: more},
		"set back":             {later: -hour, most: hour + more},
		"set forth":            {later: hour, most: more},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, nil)
				defer func() { w.f.Stop() }()
				for range 20 {
					w.wish("board1", board.WantImage, "v2")
					w.install("board1")
				}
				w.restart(1, test.then)
				w.wish("board1", board.WantImage, "v2")
				if v := w.until("board1", board.Waiting); !v.Board.WaitsFor(board.ForPowerBudget) {
					t.Fatalf("it waits for %s", v.Board.WaitingFor)
				}
				began := time.Now()
				w.offset.Add(int64(test.later))
				for w.f.ByName("board1").Board.State == board.Waiting && time.Since(began) < 3*time.Hour {
					time.Sleep(time.Second) // virtual
					synctest.Wait()
				}
				if took := time.Since(began); took < 55*time.Minute || took > test.most {
					t.Errorf("it waited for %v, want %v at most", took, test.most)
				}
				w.install("board1")
			})
		})
	}
}
