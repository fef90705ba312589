package actors

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// writes takes board1 to where it writes, and says in which visit.
func (w *world) writes() uint64 {
	w.t.Helper()
	w.wish("board1", board.WantImage, "v2")
	return w.untilWriting()
}

// untilWriting plays board1 after a wish for an image.
func (w *world) untilWriting() uint64 {
	w.t.Helper()
	w.until("board1", board.Booting)
	for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes} {
		w.says("board1", k)
	}
	return w.until("board1", board.Writing).Board.Visit
}

// moves has board1 report progress for a while. Virtual time passes.
func (w *world) moves(d time.Duration) {
	v := w.f.ByName("board1")
	for end := time.Now().Add(d); time.Now().Before(end); {
		w.reported++
		w.f.Report("board1", v.Board.Token, Progress{Artifact: "disk", Step: "write", Done: w.reported, Total: 1 << 40, Acked: true})
		time.Sleep(10 * time.Second) // virtual
		synctest.Wait()
	}
}

// unmoved says that board1 is where it was, after a time in which a limit that was wrongly kept would have shown.
func (w *world) unmoved(visit uint64, when string) {
	w.t.Helper()
	synctest.Wait()
	if v := w.f.ByName("board1"); v.Board.Visit != visit || w.rail.cutsOf(relayAt(1, 1)) != 1 {
		w.t.Fatalf("%s: a board that writes was moved to %s, cut %d times", when, v.Board.State, w.rail.cutsOf(relayAt(1, 1)))
	}
}

// cycled waits until board1 boots for the n-th time.
func (w *world) cycled(n uint32) *View {
	w.t.Helper()
	for range 100000 {
		if v := w.f.ByName("board1"); v.Board.Boot == n && v.Board.State == board.Booting {
			return v
		}
		time.Sleep(50 * time.Millisecond) // virtual
		synctest.Wait()
	}
	w.t.Fatalf("board1 never came to boot %d; it is %+v", n, w.f.ByName("board1").Board)
	return nil
}

// ends plays the rest of an imaging: it was the first attempt, with one power cycle.
func (w *world) ends() {
	w.t.Helper()
	w.says("board1", board.Rebooting)
	w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
	if v := w.until("board1", board.Ready); v.Board.Cycles != 1 || len(v.Board.Tries) != 0 {
		w.t.Errorf("power cycles %d, tries %v", v.Board.Cycles, v.Board.Tries)
	}
}

// TestNobodyIsCutForTheServersSilence: a board that writes while nothing can be stored, as in a server without a majority,
// has nobody to tell. Once somebody hears again it has its whole stall limit to speak; one that is dead shows then.
func TestNobodyIsCutForTheServersSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		visit := w.writes()
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
		w.unmoved(visit, "when the journal came back")
		if tries := w.cycled(2).Board.Tries[board.Writing]; tries != 0 {
			t.Errorf("a limit that a time without commits reached into cost %d tries", tries)
		}
		for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes} {
			w.says("board1", k)
		}
		if tries := w.cycled(3).Board.Tries[board.Writing]; tries != 1 {
			t.Errorf("the silence that was heard cost %d tries, want 1", tries)
		}
	})
}

// TestAServerIsTakenOverAmidAWrite: whatever the clock of the next server says, and however long none was there, a board
// that goes on writing is let write.
func TestAServerIsTakenOverAmidAWrite(t *testing.T) {
	for _, away := range []time.Duration{time.Hour, -time.Hour, 19 * time.Minute, 0} {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, nil)
				defer func() { w.f.Stop() }()
				visit := w.writes()
				w.moves(10 * time.Minute)
				w.restart(1, away)
				time.Sleep(50 * time.Second) // virtual; its script looks for a server
				w.moves(12 * time.Minute)
				w.unmoved(visit, "after a restart")
				w.ends()
			})
		})
	}
}

// TestALimitWhoseAnswerIsLost: a board falls silent for its stall limit, and nobody answers whether that is stored. If it
// is not, the board goes on and is let go on; if it is, that holds. Either way the journal decides, once.
func TestALimitWhoseAnswerIsLost(t *testing.T) {
	for name, stored := range map[string]bool{"not stored": false, "stored": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stuck atomic.Bool
				var told atomic.Int32
				w := newWorld(t, 1, func(c *Config) {
					c.Told = func(_, _ string, e Event) {
						if e.From == board.Writing && e.To == board.Cutting {
							told.Add(1)
						}
					}
				})
				defer w.f.Stop()
				visit := w.writes()
				stuck.Store(true)
				lost := func(is bool) func(context.Context) error {
					return func(context.Context) error {
						if is && stuck.Load() {
							return persistence.ErrUnknown
						}
						return nil
					}
				}
				w.journal.SetFaults(persistence.Faults{Before: lost(!stored), After: lost(stored)})
				time.Sleep(2*time.Minute + time.Second) // virtual: it stalls, and the answer is lost
				if stored {
					w.until("board1", board.Cutting)
					stuck.Store(false)
					if v := w.cycled(2); v.Board.Tries[board.Writing] != 1 || told.Load() != 1 {
						t.Errorf("what was stored does not hold, or was told %d times: %+v", told.Load(), v.Board)
					}
					return
				}
				w.moves(30 * time.Minute)
				w.unmoved(visit, "while nothing was answered")
				stuck.Store(false)
				w.moves(10 * time.Minute)
				w.unmoved(visit, "once the journal answered")
				w.ends()
			})
		})
	}
}

// TestLimitsInTheQueue: limits that run out behind a change that is on its way are not obeyed if the board has moved since,
// nor if nothing could be stored meanwhile.
func TestLimitsInTheQueue(t *testing.T) {
	for name, c := range map[string]struct {
		takes  time.Duration
		answer error
	}{"slow": {9 * time.Second, nil}, "refused": {21 * time.Minute, persistence.ErrUnavailable}, "lost": {21 * time.Minute, persistence.ErrUnknown}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, nil)
				defer w.f.Stop()
				visit := w.writes()
				time.Sleep(115 * time.Second) // virtual; its stall limit is 2 minutes
				var once atomic.Bool
				w.journal.SetFaults(persistence.Faults{Before: func(context.Context) error {
					if once.Swap(true) {
						return nil
					}
					time.Sleep(c.takes) // virtual
					return c.answer
				}})
				go func() { _, _ = w.f.Do(t.Context(), "board1", Order{Kind: board.Remark, Text: "x"}) }() // done, or refused
				time.Sleep(6 * time.Second)                                                                // virtual; it has stalled
				w.moves(c.takes + time.Minute)
				w.unmoved(visit, "behind a change")
			})
		})
	}
}

// TestAServerThatStoodStill: a process that was stopped heard nobody. Limits that ran out meanwhile, or are about to, say
// nothing of boards.
func TestAServerThatStoodStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		visit := w.writes()
		time.Sleep(115 * time.Second)               // virtual
		began := time.Now().Add(-115 * time.Second) // its visit, and the limits of that
		w.f.stoodStill()
		time.Sleep(115 * time.Second) // virtual
		w.unmoved(visit, "after the server stood still")
		w.f.send("board1", &item{in: board.Input{Kind: board.Timeout, Visit: visit}, late: true})
		w.moves(time.Minute)
		w.unmoved(visit, "when its limit ran out late")
		w.f.send("board1", &item{in: board.Input{Kind: board.Timeout, Visit: visit}, armed: began})
		w.moves(time.Minute)
		w.unmoved(visit, "when a limit ran out that was begun anew meanwhile")
		p := pulse{born: time.Now()}
		for late, want := range map[time.Duration]bool{pulseEvery: false, pulseLate: false, pulseLate + 1: true} {
			if p.late(p.born.Add(late)) != want {
				t.Errorf("%v after a beat: late is %v", late, !want)
			}
		}
	})
}

// TestWithoutTheLeaseLimitsStand: a server that does not hold a rack now decides nothing of its boards.
func TestWithoutTheLeaseLimitsStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Bool
		w := newWorld(t, 1, func(c *Config) { c.Lease = leaseLost(&lost) })
		defer w.f.Stop()
		visit := w.writes()
		lost.Store(true)
		time.Sleep(time.Hour) // virtual
		w.unmoved(visit, "without the lease")
		lost.Store(false)
		w.cycled(2)
	})
}

// TestALimitThatRanWithoutTheLease: one that runs out just after the lease came back ran while nothing could be stored.
func TestALimitThatRanWithoutTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Bool
		w := newWorld(t, 1, func(c *Config) { c.Lease = leaseLost(&lost) })
		defer w.f.Stop()
		visit := w.writes()
		time.Sleep(90 * time.Second) // virtual; its stall limit is 2 minutes
		lost.Store(true)
		time.Sleep(20 * time.Second) // virtual
		lost.Store(false)
		time.Sleep(115 * time.Second) // virtual
		w.unmoved(visit, "after the lease came back")
		w.cycled(2)
	})
}
