package actors

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

var errNoRoute = errors.New("connect: no route to host")

// some is the names of boards from one to another.
func some(from, to int) (names []string) {
	for i := from; i <= to; i++ {
		names = append(names, fmt.Sprintf("board%d", i))
	}
	return names
}

// TestChassisAsOne: fourteen boards share one connection: all off, dark for at least a second, all on.
func TestChassisAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 14, func(c *Config) { c.Racks["r1"] = RackRules{BootsAtOnce: 16, PowerOnGap: 150 * time.Millisecond} })
		defer w.f.Stop()
		w.rail.takes = 20 * time.Millisecond
		began := time.Now()
		for _, name := range some(1, 14) {
			w.wish(name, board.WantImage, "v2")
		}
		for _, name := range some(1, 14) {
			w.until(name, board.Booting)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if n := w.rail.dials["relay1"]; n != 1 {
			t.Errorf("%d connections", n)
		}
		cut, last := make(map[Switch]time.Time), time.Time{}
		for _, s := range w.rail.strokes(began) {
			switch {
			case !s.on:
				cut[s.sw] = s.at
				continue
			case s.at.Sub(cut[s.sw]) < darkTime:
				t.Errorf("%s was dark for %v", s.sw, s.at.Sub(cut[s.sw]))
			case s.at.Sub(last) < 150*time.Millisecond:
				t.Errorf("%s came on %v after another", s.sw, s.at.Sub(last))
			}
			last = s.at
		}
	})
}

// TestRelayIncident: a relay board that is gone is one incident. Its boards wait without spending tries, a restart
// changes nothing, others work on, and all goes on by itself once it is back.
func TestRelayIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 16, nil)
		defer func() { w.f.Stop() }()
		w.rail.setDown("relay1", errNoRoute)
		for _, name := range some(1, 16) {
			w.wish(name, board.WantImage, "v2")
		}
		for _, name := range some(1, 14) {
			if v := w.until(name, board.Waiting); v.Board.WaitingFor != board.ForRelay {
				t.Fatalf("%s waits for %s", name, v.Board.WaitingFor)
			}
		}
		open := w.f.Incidents()
		if len(open) != 1 || open[0].Kind != IncidentRelay || open[0].Subject != "relay1" || len(open[0].Boards) != 14 || !open[0].Closed.IsZero() {
			t.Fatalf("incidents %+v", open)
		}
		w.install("board15") // on another relay board
		why, err := w.f.Why("board1")
		if err != nil || !strings.Contains(fmt.Sprint(why), open[0].ID) {
			t.Errorf("why says %+v, %v", why, err)
		}
		w.restart(16, 3*time.Hour)
		time.Sleep(2 * time.Hour) // virtual
		for _, name := range some(1, 14) {
			if v := w.f.ByName(name); !v.Board.WaitsFor(board.ForRelay) || len(v.Board.Tries) != 0 {
				t.Fatalf("%s: %s, tries %v", name, v.Board.State, v.Board.Tries)
			}
		}
		if again := w.f.Incidents(); len(again) != 1 || again[0].ID != open[0].ID {
			t.Errorf("after a restart: %+v", again)
		}
		w.rail.setDown("relay1", nil)
		for _, name := range some(1, 14) {
			w.install(name)
		}
		if over := w.f.Incidents(); len(over) != 1 || over[0].Closed.IsZero() || over[0].ClosedBy != "itself" {
			t.Errorf("afterwards: %+v", over)
		}
		if w.rail.early != 0 || w.rail.most != 1 {
			t.Errorf("%d connections to a deaf relay board, %d at once", w.rail.early, w.rail.most)
		}
	})
}

// TestRelayIncidentOfOneBoard: a single board has to wait longer before its relay board is in question; shorter trouble
// is nobody's.
func TestRelayIncidentOfOneBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.rail.setDown("relay1", errNoRoute)
		w.wish("board1", board.WantPowerCycle, "")
		time.Sleep(10 * time.Second) // virtual
		if v := w.f.ByName("board1"); v.Board.State != board.Cutting || len(w.f.Incidents()) != 0 {
			t.Fatalf("%s, %+v", v.Board.State, w.f.Incidents())
		}
		w.until("board1", board.Waiting)
		if i := w.f.Incidents(); len(i) != 1 {
			t.Fatalf("%+v", i)
		}
		if _, err := w.f.CloseIncident(w.f.Incidents()[0].ID, "me"); err == nil {
			t.Error("a person closed what is not over")
		}
		w.rail.setDown("relay1", nil)
		w.until("board1", board.Restarting)
	})
}

// TestIncidentOfNobody: an incident ends with the inventory if no board hangs on the relay board any more.
func TestIncidentOfNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 15, nil)
		defer w.f.Stop()
		w.rail.setDown("relay2", errNoRoute)
		w.wish("board15", board.WantPowerCycle, "")
		w.until("board15", board.Waiting)
		if err := w.f.Apply(t.Context(), specs(14)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // virtual
		synctest.Wait()
		if i := w.f.Incidents(); len(i) != 1 || i[0].Closed.IsZero() {
			t.Errorf("%+v", i)
		}
	})
}

// TestIncidentsOfTwoServers: what two servers of a cluster open in the same moment are two incidents, and neither ends
// what the other's relay boards do.
func TestIncidentsOfTwoServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine := specs(15)
		mine[14].Rack = "r2" // on a relay board of its own
		w := newWorld(t, 0, func(c *Config) { c.Lease = func(string) error { return nil } })
		w.f.Stop()
		begin := func(rack string, of []inventory.Spec) *Fleet {
			cfg := w.cfg
			cfg.Racks = map[string]RackRules{rack: {}}
			f := New(cfg)
			if err := f.Load(t.Context(), of); err != nil {
				t.Fatal(err)
			}
			return f
		}
		one, two := begin("r1", mine[:14]), begin("r2", mine[14:])
		a := one.beginIncident(Incident{Kind: IncidentRelay, Subject: "relay1", Rack: "r1"})
		b := two.beginIncident(Incident{Kind: IncidentRelay, Subject: "relay2", Rack: "r2"})
		synctest.Wait()
		one.Stop()
		one = begin("r1", mine[:14])
		synctest.Wait()
		docs, err := w.journal.ListDocs(t.Context(), incidentDocs, "")
		if err != nil || len(docs) != 2 || a == b {
			t.Errorf("incidents %s and %s of one moment are stored as %v, %v", a, b, docs, err)
		}
		for _, i := range one.Incidents() {
			if i.ID == b && !i.Closed.IsZero() {
				t.Errorf("another server's incident was ended by %q", i.ClosedBy)
			}
		}
		one.Stop()
		two.Stop()
	})
}

// TestDoubt: an "off" of which nobody knows whether it was done is undone, although no visit asks for it any more.
func TestDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		half := errors.New("connection lost in the middle")
		w.rail.onSwitch = func(_ Switch, on bool) {
			if !on {
				w.rail.fail = half // under its lock
			}
		}
		w.rail.mu.Lock()
		w.rail.stuck = map[Switch]error{}
		w.rail.mu.Unlock()
		done := make(chan error, 1)
		go func() {
			_, err := w.f.Relay(t.Context(), "relay1:1", RelayCycle, "me", false)
			done <- err
		}()
		if err := <-done; err == nil {
			t.Fatal("a broken cycle was called good")
		}
		if w.rail.powered(relayAt(1, 1)) {
			t.Fatal("nothing broke")
		}
		time.Sleep(5 * time.Second) // virtual
		w.rail.mu.Lock()
		w.rail.fail, w.rail.onSwitch = nil, nil
		w.rail.mu.Unlock()
		time.Sleep(time.Minute) // virtual
		if !w.rail.powered(relayAt(1, 1)) {
			t.Error("the board was left without power")
		}
	})
}

// TestPeopleAndRelays: what people ask of a relay is done in turn, unless it would hurt a board.
func TestPeopleAndRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.f.Stop()
		ask := func(relay string, do RelayDo, force bool) (bool, ProblemKind) {
			on, err := w.f.Relay(t.Context(), relay, do, "me", force)
			var p *Problem
			if errors.As(err, &p) {
				return on, p.Kind
			}
			return on, ""
		}
		w.wish("board2", board.WantImage, "v2")
		w.until("board2", board.Booting)
		if _, err := w.f.Do(t.Context(), "board3", Order{Kind: board.SetLock, By: "somebody", Text: "works on it"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			relay string
			do    RelayDo
			force bool
			on    bool
			kind  ProblemKind
		}{
			{"relay1:1", RelayStatus, false, true, ""},
			{"relay1:1", RelayCycle, false, true, ""},
			{"relay1:1", RelayOff, false, false, Refused}, // the record would not follow
			{"relay1:1", RelayOff, true, false, ""},
			{"relay1:1", RelayStatus, false, false, ""},
			{"relay1:1", RelayOn, true, true, ""},
			{"relay1:2", RelayStatus, false, true, ""},
			{"relay1:2", RelayCycle, true, false, Refused}, // busy
			{"relay1:3", RelayCycle, true, false, Locked},
			{"relay9:9", RelayCycle, false, true, ""}, // nobody's
			{"manual", RelayCycle, false, false, BadRequest},
			{"nonsense", RelayStatus, false, false, BadRequest},
			{"cycling relay8:1", RelayOff, true, false, Refused},
			{"cycling relay8:1", RelayCycle, false, true, ""},
		} {
			if on, kind := ask(c.relay, c.do, c.force); on != c.on || kind != c.kind {
				t.Errorf("%s %s: on %t, %q; want %t, %q", c.relay, c.do, on, kind, c.on, c.kind)
			}
		}
		w.rail.setDown("relay7", errNoRoute)
		if _, kind := ask("relay7:1", RelayStatus, false); kind != Unavailable {
			t.Errorf("unreachable: %q", kind)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		w.rail.takes = time.Second
		if _, err := w.f.Relay(ctx, "relay1:1", RelayStatus, "me", false); err == nil {
			t.Error("no answer was an answer")
		}
	})
}

// TestStillUp: a board that answers although its relay reads off is not called off.
func TestStillUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		all := specs(1)
		all[0].Address = netip.MustParseAddr("10.91.1.1")
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		w.wish("board1", board.WantPowerOff, "")
		v := w.until("board1", board.FailedPower)
		if v.Board.Blame.Part != board.PartRelay && v.Board.Blame.Part != board.PartWiring || !strings.Contains(v.Board.Blame.Text, "does not cut") {
			t.Errorf("%+v", v.Board.Blame)
		}
	})
}

// leaseLost is a lease that is over while lost says so.
func leaseLost(lost *atomic.Bool) func(string) error {
	return func(string) error {
		if lost.Load() {
			return errors.New("the lease of r1 is over")
		}
		return nil
	}
}

// TestLeaseLost: without its lease a server writes to no relay board.
func TestLeaseLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Bool
		w := newWorld(t, 1, func(c *Config) { c.Lease = leaseLost(&lost) })
		defer w.f.Stop()
		lost.Store(true)
		w.wish("board1", board.WantPowerCycle, "")
		time.Sleep(20 * time.Second) // virtual
		synctest.Wait()
		if n := w.rail.switched(); n != 0 {
			t.Errorf("%d exchanges without a lease", n)
		}
		lost.Store(false)
		w.until("board1", board.Restarting)
	})
}

// TestCyclesOnly: a switch that only cycles does so once a boot, after the record says so, and not again after a crash.
func TestCyclesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer func() { w.f.Stop() }()
		all := specs(1)
		all[0].Power = "cycling relay1:1"
		if err := w.f.Apply(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		var p *Problem
		if _, err := w.f.Wish(t.Context(), "board1", Request{Want: board.WantPowerOff}); !errors.As(err, &p) || p.Kind != Refused {
			t.Errorf("off: %v", err)
		}
		w.rail.onSwitch = func(Switch, bool) {
			if s := w.f.ByName("board1").Board.State; s != board.Booting {
				t.Errorf("cycled in %s", s)
			}
		}
		w.wish("board1", board.WantImage, "v2")
		w.until("board1", board.Booting)
		time.Sleep(time.Second) // virtual
		at := relayAt(1, 1)
		at.Cycles = true
		for away := range 3 {
			if cuts := w.rail.cuts[at]; cuts != 1 {
				t.Fatalf("cut %d times after %d restarts", cuts, away)
			}
			w.f.Stop()
			w.f = New(w.cfg)
			w.current.Store(w.f)
			if err := w.f.Load(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // virtual
			synctest.Wait()
		}
		w.install("board1")
	})
}

// TestDroppedInTheLine: what nobody waits for any more is not done once it could be, but for the doubt that an "off" which
// was sent leaves: that is driven to the record, which says off, and once.
func TestDroppedInTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.rail.stick(relayAt(1, 1), errors.New("the relay reads on after off"))
		w.wish("board1", board.WantPowerOff, "")
		w.until("board1", board.FailedPower)
		w.rail.stick(Switch{}, nil)
		time.Sleep(time.Minute) // virtual
		synctest.Wait()
		if n := w.rail.switched(); n > 1 || n == 1 && w.rail.powered(relayAt(1, 1)) {
			t.Errorf("switched %d times", n)
		}
	})
}
