package house

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/persistence/lease"
)

// What is shown of a rack whose holder is silent says how old it is, at every server, and goes on being shown; so does what
// a server shows that hears nobody, of all racks.
func TestHowOldWhatIsShownIs(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one, two := c.houses["img1"], c.houses["img2"]
		if _, err := one.Do(t.Context(), "board1", actors.Order{Kind: board.Remark, Text: "x"}); err != nil {
			t.Fatal(err)
		}
		silent := func(now map[string]time.Duration) {
			c.mu.Lock()
			c.silent = now
			c.mu.Unlock()
			time.Sleep(2 * again) // virtual
			synctest.Wait()
		}
		asOf := func(h *House, name string, want time.Time) {
			t.Helper()
			if v := h.ByName(name); !v.AsOf.Equal(want) || !h.AsOf(v.Spec.Rack).Equal(want) || name == "board1" && v.Board.Comment != "x" {
				t.Errorf("%s at %s is as of %v, want %v", name, h.cfg.Server, v.AsOf, want)
			}
			if why, err := h.Why(name); err != nil || !why.AsOf.Equal(want) {
				t.Errorf("%s at %s is explained as of %v, %v, want %v", name, h.cfg.Server, why.AsOf, err, want)
			}
		}
		silent(map[string]time.Duration{"img1": lease.Silence - 1})
		asOf(two, "board1", time.Time{})
		heard := time.Now().Add(again - time.Minute) // when it is looked at
		silent(map[string]time.Duration{"img1": time.Minute})
		asOf(two, "board1", heard)
		asOf(two, "board3", heard)
		asOf(one, "board1", heard) // the holder itself, cut off
		for _, v := range two.Views() {
			if !v.AsOf.Equal(heard) {
				t.Errorf("%s is listed as of %v", v.Spec.Name, v.AsOf)
			}
		}
		silent(map[string]time.Duration{"img1": 2 * time.Minute})
		asOf(two, "board1", heard) // it has not been heard since
		silent(nil)
		asOf(two, "board1", time.Time{})
		c.grant("r2", "")
		heard = time.Now().Add(again - time.Hour)
		silent(map[string]time.Duration{"img2": time.Hour})
		asOf(one, "board3", time.Time{}) // nobody's, and this server hears all that happens
		asOf(two, "board3", heard)
	})
}

// A server that begins dates all that it shows by the last change that it knows of, until it has caught up; what happened
// while it was down is not passed off as what is.
func TestABeginnerSaysHowOldItsBoardsAre(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		two := c.houses["img2"]
		for _, name := range []string{"board3", "board1"} {
			time.Sleep(time.Minute) // virtual
			if _, err := two.Wish(t.Context(), name, actors.Request{Want: board.WantPowerOff}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		last := time.UnixMilli(two.ByName("board1").Board.Since).UTC().Round(time.Second)
		behind := func(is bool) {
			c.mu.Lock()
			c.behind = map[string]bool{"img2": is}
			c.silent = map[string]time.Duration{"img1": time.Minute}
			c.mu.Unlock()
			time.Sleep(2 * again) // virtual
			synctest.Wait()
		}
		behind(true)
		if err := two.Load(t.Context(), two.specs); err != nil {
			t.Fatal(err)
		}
		for _, v := range two.Views() {
			if !v.AsOf.Equal(last) {
				t.Errorf("%s is as of %v, want %v", v.Spec.Name, v.AsOf, last)
			}
		}
		behind(false)
		if at := two.AsOf("r1"); time.Since(at) < time.Minute || time.Since(at) > time.Minute+2*again {
			t.Errorf("r1, whose holder is silent for a minute, is as of %v", time.Since(at))
		}
		c.mu.Lock()
		c.silent = nil
		c.mu.Unlock()
		time.Sleep(2 * again) // virtual
		synctest.Wait()
		if at := two.AsOf("r1"); !at.IsZero() {
			t.Errorf("r1, whose holder is heard, is as of %v", at)
		}
	})
}

// Who holds a rack is read from the journal: once a look, however many boards it has.
func TestALookIsOnceARack(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		h := c.houses["img2"]
		h.changing.Lock()
		defer h.changing.Unlock()
		h.specs = append(slices.Clone(h.specs), h.specs...) // twice as many boards
		c.mu.Lock()
		c.sought = map[string]int{}
		c.mu.Unlock()
		h.look()
		c.mu.Lock()
		defer c.mu.Unlock()
		for rack, n := range c.sought {
			if n != 1 {
				t.Errorf("%s was looked for %d times", rack, n)
			}
		}
		if len(c.sought) == 0 {
			t.Error("no rack was looked for")
		}
	})
}
