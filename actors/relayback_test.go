package actors

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence/lease"
	"mozpool/relayproto"
)

// sleeper is a server's way to the relay boards with a fault point: the server is stopped between one check of its lease
// and the write that the check allowed.
type sleeper struct {
	*rail
	mu      sync.Mutex
	checks  int // until it is stopped
	stopped chan struct{}
	wake    chan struct{}
}

func (p *sleeper) Dial(ctx context.Context, s Switch, before func() error) (RelaySession, error) {
	return p.rail.Dial(ctx, s, func() error {
		err := before()
		p.mu.Lock()
		p.checks--
		stop := p.checks == 0
		p.mu.Unlock()
		if stop {
			close(p.stopped)
			<-p.wake
		}
		return err
	})
}

// overtaken has a server stopped at the n-th check of its lease after a wish, and gives its rack to another, w.f. What
// comes back wakes it.
func overtaken(w *world, n int) (wake func()) {
	p := &sleeper{rail: w.rail, checks: n, stopped: make(chan struct{}), wake: make(chan struct{})}
	var lost atomic.Bool
	w.cfg.Power, w.cfg.Lease = p, leaseLost(&lost)
	w.start(2)
	old := w.f
	w.wish("board1", board.WantImage, "v2")
	<-p.stopped
	lost.Store(true)
	w.cfg.Power, w.cfg.Lease, w.cfg.Epoch = w.rail, func(string) error { return nil }, 2
	w.start(2)
	return sync.OnceFunc(func() {
		close(p.wake)
		old.Stop() // its next check tells it
	})
}

// readsBack reads back as the holder of a rack does while an earlier one may be late, for a while.
func (w *world) readsBack(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		w.f.ReadBack()
		time.Sleep(min(lease.L, time.Until(end))) // virtual
	}
	synctest.Wait()
}

// TestALateCommand: a server that is stopped between check and write emits one command when it wakes, whatever the board
// does by then. The next holder drives the relay back within twice L, and no card is lost.
func TestALateCommand(t *testing.T) {
	const off, on = 2, 3 // checks until then: a connection begins with a test
	for name, c := range map[string]struct {
		stopped int
		then    func(w *world) // what the next holder does before it comes
		late    bool           // the command
	}{
		"off, at rest":   {off, func(w *world) { w.install("board1") }, false},
		"off, mid-write": {off, func(w *world) { w.untilWriting() }, false},
		"on, switched off": {on, func(w *world) {
			w.install("board1")
			w.wish("board1", board.WantPowerOff, "")
			w.until("board1", board.Off)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 0, nil)
				w.f.Stop()
				wake := overtaken(w, c.stopped)
				defer func() { wake(); w.f.Stop() }()
				c.then(w)
				w.readsBack(10 * time.Second)
				woke, state := time.Now(), w.f.ByName("board1").Board.State
				wake()
				w.readsBack(2 * lease.L)
				all := w.rail.strokes(woke)
				if len(all) != 2 || all[0].on != c.late || all[1].on == c.late {
					t.Fatalf("relays did %+v", all)
				}
				if healed := all[1].at.Sub(all[0].at); healed > 2*lease.L {
					t.Errorf("healed after %v", healed)
				}
				if state != board.Writing {
					if v := w.f.ByName("board1"); v.Board.State != state {
						t.Errorf("moved from %s to %s", state, v.Board.State)
					}
					return
				}
				w.f.Tell("board1", Evidence{Input: board.Input{Kind: board.LoaderAsked}, From: netip.MustParseAddrPort("10.0.0.7:2000")})
				w.cycled(2) // it lost its power amid the write: it is written anew
				w.install("board1")
				if card := w.f.ByName("board1").Board.Card; card != "v2" {
					t.Errorf("the card has %q", card)
				}
			})
		})
	}
}

// TestTurnedAway: after somebody else had the relay board's one connection, the relays of boards at work are read first.
// What a person switched past the record, or what nobody has switched yet, is left alone.
func TestTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6, func(c *Config) { c.Lease = func(string) error { return nil } })
		defer w.f.Stop()
		w.writes()
		for _, name := range []string{"board2", "board4", "board6"} {
			w.wish(name, board.WantPowerOff, "")
			w.until(name, board.Off)
		}
		if _, err := w.f.Relay(t.Context(), w.f.ByName("board2").Spec.Power, RelayOn, "ann", true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // virtual; the connection is closed
		began := time.Now()
		w.rail.behind(map[int]bool{1: false, 3: false, 6: true}) // a late command to a board at work, somebody's, one to a board at rest
		w.rail.setDown("relay1", relayproto.ErrOccupied)
		w.wish("board4", board.WantPowerOn, "")
		time.Sleep(5 * time.Second) // virtual
		w.rail.setDown("relay1", nil)
		time.Sleep(5 * time.Second) // virtual
		w.did(began, "turned away", relayAt(1, 1), relayAt(1, 4))
		w.readsBack(lease.L)
		w.did(began, "read back", relayAt(1, 1), relayAt(1, 4), relayAt(1, 6))
		w.wish("board2", board.WantPowerOn, "")
		w.until("board2", board.Restarting)
		w.rail.behind(map[int]bool{2: false})
		began = time.Now()
		w.readsBack(lease.L)
		w.did(began, "switched by its board since", relayAt(1, 2))
	})
}

// behind switches relays of the first relay board behind everybody's back.
func (r *rail) behind(on map[int]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, on := range on {
		r.off[relayAt(1, n)] = !on
	}
}

// did says which relays were switched since a time, in order.
func (w *world) did(since time.Time, when string, want ...Switch) {
	w.t.Helper()
	synctest.Wait()
	var got []Switch
	for _, s := range w.rail.strokes(since) {
		got = append(got, s.sw)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: switched %v, want %v", when, got, want)
	}
}

// TestAVisitDrivesItsRelay: a look does not cut a power cycle's dark time short.
func TestAVisitDrivesItsRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.wish("board1", board.WantPowerCycle, "")
		w.until("board1", board.Powering)
		c, err := w.rail.Dial(t.Context(), relayAt(1, 1), func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if text, err := w.f.lookAt(t.Context(), c, &powerOp{sw: relayAt(1, 1), id: "board1"}); text != "" || err != nil || w.rail.powered(relayAt(1, 1)) {
			t.Errorf("%q, %v", text, err)
		}
		w.until("board1", board.Restarting)
	})
}

// TestReadBackAmidAnOrder: what a person is just switching is left alone, as what they have switched is.
func TestReadBackAmidAnOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &sleeper{stopped: make(chan struct{}), wake: make(chan struct{})}
		w := newWorld(t, 2, func(c *Config) {
			p.rail = c.Power.(*rail)
			c.Power, c.Lease = p, func(string) error { return nil }
		})
		defer w.f.Stop()
		w.wish("board1", board.WantPowerOff, "")
		w.until("board1", board.Off)
		time.Sleep(5 * time.Second) // virtual; the connection is closed
		p.mu.Lock()
		p.checks = 2 // a connection begins with a test
		p.mu.Unlock()
		ended := make(chan error, 1)
		go func() {
			_, err := w.f.Relay(t.Context(), w.f.ByName("board1").Spec.Power, RelayOn, "ann", true)
			ended <- err
		}()
		<-p.stopped
		w.f.ReadBack()
		synctest.Wait()
		close(p.wake)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		w.readsBack(2 * lease.L)
		if !p.powered(relayAt(1, 1)) {
			t.Error("it was switched back")
		}
	})
}
