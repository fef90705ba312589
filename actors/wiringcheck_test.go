package actors

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// check runs a check of the wiring and gives "relay result board seen" of each step.
func (w *world) check(ctx context.Context, relays ...string) (found []string, err error) {
	err = w.f.CheckWiring(ctx, "r1", relays, "me", func(s WiringStep) {
		found = append(found, fmt.Sprintf("%s %s %s %v", s.Relay, s.Result, s.Board, s.Named))
	})
	return found, err
}

// TestCheckWiring finds crossed, dead, busy and locked boards; what is well is only rebooted.
func TestCheckWiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20, nil)
		defer w.f.Stop()
		w.swapped(map[string]string{"board2": "board3", "board3": "board2", "board5": "nobody"})
		w.wish("board16", board.WantImage, "v2")
		w.until("board16", board.Booting) // on relay2: nothing there is cut meanwhile
		if _, err := w.f.Do(t.Context(), "board7", Order{Kind: board.SetLock, By: "ann"}); err != nil {
			t.Fatal(err)
		}
		found, err := w.check(t.Context(), "relay1:1")
		if want := []string{"relay1:1 skipped board1 []"}; err != nil || !slices.Equal(found, want) { // its neighbour is locked
			t.Errorf("%q, %v", found, err)
		}
		if _, err := w.f.Do(t.Context(), "board7", Order{Kind: board.Unlock, By: "ann"}); err != nil {
			t.Fatal(err)
		}
		found, err = w.check(t.Context(), "relay1:1", "relay1:2", "relay1:3", "relay1:4", "relay1:5", "relay2:1")
		want := []string{"relay1:1 right board1 [board1]", "relay1:2 crossed board2 [board3]", "relay1:3 crossed board3 [board2]",
			"relay1:4 right board4 [board4]", "relay1:5 silent board5 []", "relay2:1 skipped board15 []"}
		if err != nil || !slices.Equal(found, want) {
			t.Errorf("%q, %v", found, err)
		}
		if i := w.f.Incidents(); len(i) != 1 || i[0].Subject != "board2 and board3" {
			t.Errorf("%+v", i)
		}
		for n := 1; n <= 14; n++ {
			if !w.rail.powered(relayAt(1, n)) {
				t.Errorf("relay %d is left off", n)
			}
		}
		if cuts := w.rail.cuts[relayAt(1, 6)]; cuts != 0 {
			t.Error("a relay was switched that nobody named")
		}
	})
}

// TestLearnWiring: relays of no board, behind which strangers ask.
func TestLearnWiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		w.rail.onSwitch = func(s Switch, on bool) {
			if on && s.same(relayAt(1, 9)) {
				time.AfterFunc(10*time.Second, func() {
					w.f.Stranger(inventory.MAC("52:54:00:00:00:99"), netip.MustParseAddr("10.0.0.9"), "r1")
				})
			}
		}
		var steps []WiringStep
		if err := w.f.CheckWiring(t.Context(), "r1", []string{"relay1:9", "relay1:10"}, "me", func(s WiringStep) { steps = append(steps, s) }); err != nil {
			t.Fatal(err)
		}
		if len(steps) != 2 || steps[0].Result != WiringFound || !slices.Equal(steps[0].Seen, []string{"52:54:00:00:00:99"}) || steps[1].Result != WiringSilent {
			t.Errorf("%+v", steps)
		}
	})
}

// TestCheckRefused: what cannot be checked, a second check at a time, and one that is interrupted, which leaves no relay off.
func TestCheckRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.f.Stop()
		for _, line := range []string{"manual", "nonsense"} {
			if _, err := w.check(t.Context(), line); err == nil {
				t.Errorf("%s was checked", line)
			}
		}
		if err := w.f.CheckWiring(t.Context(), "r9", nil, "me", func(WiringStep) {}); err == nil {
			t.Error("a rack without boards was checked")
		}
		ctx, cancel := context.WithCancel(t.Context())
		w.rail.onSwitch = func(_ Switch, on bool) {
			if !on {
				cancel()
			}
		}
		ended := make(chan error, 1)
		go func() {
			_, err := w.check(ctx)
			ended <- err
		}()
		synctest.Wait()
		if _, err := w.check(t.Context()); err == nil {
			t.Error("two checks at a time")
		}
		if err := <-ended; err == nil {
			t.Error("an interrupted check was good")
		}
		time.Sleep(time.Minute) // virtual
		if !w.rail.powered(relayAt(1, 1)) || w.rail.cuts[relayAt(1, 2)] != 0 {
			t.Error("the relay is left off, or the next was cut")
		}
	})
}
