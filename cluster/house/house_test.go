package house

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// in runs a test in virtual time.
func in(t *testing.T, do func(t *testing.T, c *cluster)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { do(t, newCluster(t)) })
}

func kind(err error) actors.ProblemKind {
	var p *actors.Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return ""
}

// Any house answers for any board; what came of it is shown at both, and nobody is asked who need not be.
func TestAnyServerAnswersForAnyBoard(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		for i, name := range []string{"img1", "img2"} {
			h := c.houses[name]
			if len(h.Views()) != 3 {
				t.Fatalf("%s shows %d boards", name, len(h.Views()))
			}
			a, err := h.Wish(t.Context(), boards[i].Name, actors.Request{Want: board.WantPowerOff, By: "test"})
			if err != nil || a.Attempt != 1 {
				t.Errorf("asked at %s: %+v, %v", name, a, err)
			}
		}
		if c.asked != 1 {
			t.Errorf("%d questions went over the wire, one was needed", c.asked)
		}
		time.Sleep(time.Minute) // virtual
		for name, h := range c.houses {
			for _, b := range []string{"board1", "board2"} {
				if v := h.ByName(b); v.Board.State != board.Off {
					t.Errorf("%s shows %s as %s", name, b, v.Board.State)
				}
				if why, err := h.Why(b); err != nil || why.State != board.Off {
					t.Errorf("%s explains %s: %+v, %v", name, b, why, err)
				}
				if list, err := h.History(t.Context(), b, 0); err != nil || len(list) == 0 {
					t.Errorf("%s tells of %s: %v, %v", name, b, list, err)
				}
			}
		}
		_, err := c.houses["img2"].Do(t.Context(), "board1", actors.Order{Kind: board.Cancel})
		if kind(err) != actors.Refused {
			t.Errorf("what the owner refuses comes back as %v", err)
		}
		if _, err := c.houses["img2"].Wish(t.Context(), "board9", actors.Request{}); kind(err) != actors.NotFound {
			t.Errorf("a board that is not there: %v", err)
		}
	})
}

// A rack that is handed over goes on where it was, at the other server; a wish that comes meanwhile waits, and one that
// is repeated does nothing.
func TestARackChangesHands(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one, two := c.houses["img1"], c.houses["img2"]
		if err := one.Drain(t.Context(), "r1"); err != nil {
			t.Fatal(err)
		}
		if one.fleet("r1") != nil || one.fleet("r2") == nil {
			t.Error("the wrong rack was drained")
		}
		time.Sleep(5 * again) // virtual
		if one.fleet("r1") != nil {
			t.Error("the rack started again under the lease that it was drained for")
		}
		answered := make(chan error, 1)
		wish := actors.Request{Want: board.WantPowerOff, By: "test", ID: "k"}
		go func() {
			_, err := one.Wish(t.Context(), "board1", wish)
			answered <- err
		}()
		synctest.Wait()
		c.grant("r1", "img2")
		if err := <-answered; err != nil {
			t.Errorf("the wish that waited: %v", err)
		}
		if two.fleet("r1") == nil || two.fleet("r1").ByName("board1") == nil || two.fleet("r2") != nil {
			t.Error("the new holder does not run the rack")
		}
		time.Sleep(time.Minute) // virtual
		a, err := two.Wish(t.Context(), "board1", wish)
		if err != nil || !a.Repeated || c.cuts != 1 {
			t.Errorf("repeated: %+v, %v; %d cuts", a, err, c.cuts)
		}
		if c.mu.Lock(); len(c.runs) != 2 || !c.runs["img2 r1"] || !c.runs["img1 r2"] {
			t.Errorf("told to run: %v", c.runs)
		}
		c.mu.Unlock()
		c.grant("r1", "img1")
		if one.fleet("r1") == nil || two.fleet("r1") != nil {
			t.Error("the rack did not come back")
		}
	})
}

// A server that lost a rack without a word ends its actors; nobody acts on a rack that nobody holds, and people are
// told.
func TestALostRackIsLetGo(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		c.grant("r1", "")
		for name, h := range c.houses {
			if h.fleet("r1") != nil {
				t.Errorf("%s still runs the rack", name)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if _, err := h.Wish(ctx, "board1", actors.Request{Want: board.WantPowerOff}); kind(err) != actors.Unavailable {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			if h.ByName("board1") == nil || len(h.Views()) != 3 {
				t.Errorf("%s shows the rack's boards no more", name)
			}
		}
	})
}

// A server that was frozen while its rack went to another, and has not noticed yet, has its questions answered there.
func TestAFencedServerAsksTheNext(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		c.grant("r1", "img2")
		one := c.houses["img1"]
		late, err := func() (*tenure, error) { // as it was before
			one.changing.Lock()
			defer one.changing.Unlock()
			return (*one.here.Load())["r1"], one.begin(t.Context(), "r1", 1)
		}()
		if late != nil || err != nil {
			t.Fatal(late, err)
		}
		a, err := one.Wish(t.Context(), "board1", actors.Request{Want: board.WantPowerOff})
		if err != nil || a.Attempt != 1 {
			t.Errorf("answered %+v, %v", a, err)
		}
	})
}

// The write gate opens only at the holder, and only while it holds.
func TestTheWriteGate(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		if _, err := two.Wish(t.Context(), "board3", actors.Request{Want: board.WantImage, Image: "v2"}); err != nil {
			t.Fatal(err)
		}
		for two.ByName("board3").Board.State != board.Booting {
			time.Sleep(time.Second) // virtual
		}
		say := func(k board.Kind) (board.Verdict, error) {
			return two.Ask(t.Context(), "board3", actors.Evidence{Input: board.Input{Kind: k, Token: two.ByName("board3").Board.Token}})
		}
		for _, k := range []board.Kind{board.StageRead, board.Downloads} {
			if v, err := say(k); err != nil || v != board.Moved {
				t.Fatalf("%s through the other server: %s, %v", k, v, err)
			}
			time.Sleep(time.Second) // virtual
		}
		one := c.houses["img1"]
		tenure := (*one.here.Load())["r2"]
		e := actors.Evidence{Input: board.Input{Kind: board.Writes, Token: two.ByName("board3").Board.Token}}
		gate := func() reply {
			return one.carryOut(t.Context(), tenure, &question{Board: "board3", Evidence: &e, Wait: true})
		}
		c.mu.Lock()
		c.after = func() { c.holder["r2"] = "" } // the lease lapses amid the commit
		c.mu.Unlock()
		if r := gate(); kind(r.err()) != actors.Unavailable {
			t.Errorf("the lease lapsed amid the commit: %+v", r)
		}
		if r := gate(); !r.NotHere {
			t.Errorf("without the lease: %+v", r)
		}
		c.mu.Lock()
		c.after, c.holder["r2"] = nil, "img1"
		c.mu.Unlock()
		// The house may have seen that it did not hold the rack, and ended its actors; then others begin.
		r := gate()
		for range 100 {
			if r.err() == nil && !r.NotHere {
				break
			}
			time.Sleep(time.Second) // virtual
			if now := (*one.here.Load())["r2"]; now != nil {
				tenure = now
			}
			r = gate()
		}
		if r.err() != nil || r.Verdict != board.Repeated {
			t.Errorf("held again, the board asks again: %+v", r)
		}
		if v, err := say(board.Writes); err != nil || v != board.Repeated {
			t.Errorf("through the other server: %s, %v", v, err)
		}
	})
}

// A server that was frozen knows old things of its boards; what it would refuse for them is asked of the next holder.
func TestAFrozenServerRefusesNothing(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one := c.houses["img1"]
		if _, err := one.Wish(t.Context(), "board1", actors.Request{Want: board.WantImage, Image: "v2"}); err != nil {
			t.Fatal(err)
		}
		late := (*one.here.Load())["r1"]
		c.mu.Lock()
		c.holder["r1"] = "img2"
		c.mu.Unlock()
		q := &question{Rack: "r1", Name: "board1", Wish: &actors.Request{Want: board.WantImage, Image: "v3"}}
		if r := one.carryOut(t.Context(), late, q); !r.NotHere {
			t.Errorf("before: %+v", r)
		}
		c.mu.Lock()
		c.holder["r1"] = "img1"
		c.mu.Unlock()
		if r := one.carryOut(t.Context(), late, q); kind(r.err()) != actors.Refused {
			t.Errorf("a board that is busy, asked while the rack is held: %+v", r)
		}
	})
}

// What is asked twice is asked on only where that is harmless.
func TestALostAnswer(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		two.cfg.Peers = forgetful{two.cfg.Peers.(*end), new(int)}
		a, err := two.Wish(t.Context(), "board1", actors.Request{Want: board.WantPowerOff})
		if err != nil || !a.Repeated {
			t.Errorf("a wish: %+v, %v", a, err)
		}
		two.cfg.Peers = forgetful{c.houses["img1"].cfg.Peers.(*end), new(int)}
		if _, err := two.Do(t.Context(), "board1", actors.Order{Kind: board.Remark, Text: "x"}); kind(err) != actors.Unavailable {
			t.Errorf("an order: %v", err)
		}
	})
}

// Relay boards of a holder that does not answer are listed as unknown.
func TestListsSayWhatIsMissing(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		states := func() (list [2]string) {
			relays := two.Relays()
			if len(relays) != 2 {
				t.Fatalf("%d relay boards", len(relays))
			}
			return [2]string{relays[0].State, relays[1].State}
		}
		if got := states(); got != [2]string{actors.RelayIdle, actors.RelayIdle} {
			t.Errorf("asked for elsewhere: %v", got)
		}
		c.mu.Lock()
		c.cut["img1"] = true
		c.mu.Unlock()
		c.grant("r2", "img2")
		if got := states(); got != [2]string{RelayUnknown, actors.RelayIdle} {
			t.Errorf("one server is not there: %v", got)
		}
		on, err := two.Relay(t.Context(), "relays-of-r2", actors.RelayStatus, "test", false)
		if err != nil || !on {
			t.Errorf("status here: %v, %v", on, err)
		}
		if _, err := two.Relay(t.Context(), "nobody's", actors.RelayStatus, "test", false); kind(err) != actors.NotFound {
			t.Errorf("a relay board that is not there: %v", err)
		}
	})
}

// Relay boards are asked, and incidents are shown and closed, wherever their rack is.
func TestIncidentsElsewhere(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		if err := two.TestRelay(t.Context(), "relays-of-r1"); err != nil {
			t.Errorf("a sign of life: %v", err)
		}
		if err := two.TestRelay(t.Context(), "nobody's"); kind(err) != actors.NotFound {
			t.Errorf("a relay board that is not there: %v", err)
		}
		doc := persistence.Doc{Kind: "incident", Name: "a1", Data: []byte(`{"id":"a1","kind":"crossed","rack":"r1","boards":["board1","board2"],"opened":"2026-01-02T15:04:05Z"}`)}
		if err := c.PutDoc(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
		if err := c.houses["img1"].fleet("r1").ReadIncidents(t.Context()); err != nil { // as if it had opened it
			t.Fatal(err)
		}
		if all := two.Incidents(); len(all) != 1 || all[0].ID != "a1" || !all[0].Closed.IsZero() {
			t.Errorf("shown: %+v", all)
		}
		if i, err := two.CloseIncident("a1", "ann"); err != nil || i.ClosedBy != "ann" {
			t.Errorf("closed: %+v, %v", i, err)
		}
		synctest.Wait()
		if all := two.Incidents(); len(all) != 1 || all[0].ClosedBy != "ann" {
			t.Errorf("shown then: %+v", all)
		}
		if _, err := two.CloseIncident("b2", "ann"); kind(err) != actors.NotFound {
			t.Errorf("one that is not there: %v", err)
		}
		if _, err := two.Repaired(t.Context(), "board1", actors.RepairOrder{Part: "nothing"}); kind(err) != actors.BadRequest {
			t.Errorf("a part that is none: %v", err)
		}
		if list, err := two.Repairs(t.Context(), "board1"); err != nil || len(list)+len(two.RepairList()) != 0 {
			t.Errorf("repairs of boards that never failed: %v, %v", list, err)
		}
		if places, _, _ := two.Budget("r1"); places == 0 {
			t.Error("a rack without places")
		}
		if err := two.CheckWiring(t.Context(), "r99", nil, "ann", nil); kind(err) != actors.NotFound {
			t.Errorf("a rack that is not there: %v", err)
		}
		if err := two.CheckWiring(t.Context(), "r1", nil, "ann", nil); kind(err) != actors.Refused {
			t.Errorf("wiring of a rack that runs elsewhere: %v", err)
		}
	})
}

// What is foreseen of a rack that runs elsewhere knows of its incidents as the rack's actors do.
func TestForeseeElsewhere(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		foresee := func(name string, force bool) actors.ProblemKind {
			_, err := two.ForeseeWish(t.Context(), name, actors.Request{Want: board.WantImage, Image: "v4", By: "ann", Force: force})
			return kind(err)
		}
		if got := foresee("board1", false); got != "" {
			t.Errorf("an image that is not suspect: %s", got)
		}
		put := func(closed string) {
			data := `{"id":"a1","kind":"image","subject":"v4 on hardware type h in rack r1","rack":"r1","opened":"2026-01-02T15:04:05Z"` + closed + `}`
			if err := c.PutDoc(t.Context(), persistence.Doc{Kind: "incident", Name: "a1", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
		}
		put("")
		if got := foresee("board1", false); got != actors.Refused {
			t.Errorf("a suspect image: %q", got)
		}
		if got := foresee("board1", true) + foresee("board3", false); got != "" {
			t.Errorf("forced, and in a rack where it is not suspect: %q", got)
		}
		put(`,"closed":"2026-01-02T16:04:05Z"`)
		if got := foresee("board1", false); got != "" {
			t.Errorf("cleared: %s", got)
		}
	})
}

// A changed inventory reaches boards that run here and those that are shown.
func TestLoadAgain(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		for _, h := range c.houses {
			changed := append([]inventory.Spec(nil), boards[:2]...)
			changed[0].Place = "shelf"
			if err := h.Load(t.Context(), changed); err != nil {
				t.Fatal(err)
			}
			if v := h.ByName("board1"); v.Spec.Place != "shelf" || h.ByName("board3") != nil || h.ByMAC(boards[1].MAC) == nil {
				t.Errorf("shown: %+v", v)
			}
		}
		synctest.Wait()
		if c.houses["img1"].fleet("r2").ByName("board3") != nil {
			t.Error("a board that is gone still runs")
		}
		h := c.houses["img2"]
		h.Restored()
		synctest.Wait()
		if len(h.Views()) != 2 || h.ByName("board1").Seq == 0 {
			t.Error("the boards were not read again")
		}
	})
}
