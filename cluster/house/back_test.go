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

// While a server that had a rack may be late, its relays are read back: at once, every L, and once more when that server
// has been heard. Other racks' are not.
func TestRelaysAreReadBack(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		one := c.houses["img1"]
		for _, name := range []string{"board1", "board3"} { // of two racks; the others' power nobody has switched
			if _, err := one.Wish(t.Context(), name, actors.Request{Want: board.WantPowerCycle, By: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		since := func(at time.Time) []time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return slices.DeleteFunc(slices.Clone(c.reads), func(r time.Time) bool { return r.Before(at) })
		}
		late := func(servers ...string) time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.late["r1"] = servers
			return time.Now()
		}
		time.Sleep(time.Minute) // virtual
		if n := len(since(time.Time{})); n != 0 {
			t.Errorf("read %d times while nobody was late", n)
		}
		began := late("img2")
		time.Sleep(5 * lease.L) // virtual
		got := append([]time.Time{began}, since(began)...)
		for i, at := range got[1:] {
			if d := at.Sub(got[i]); d > lease.L+again {
				t.Errorf("read %v after the one before", d)
			}
		}
		if n := len(got) - 1; n < 4 || n > 6 {
			t.Errorf("read %d times in five L", n)
		}
		for time.Sleep(time.Second / 3); len(since(time.Now().Add(-lease.L/2))) > 0; { // none is under way
			time.Sleep(time.Second / 3) // virtual
		}
		heard := late()
		time.Sleep(5 * lease.L) // virtual
		synctest.Wait()
		if n := len(since(heard)); n != 1 {
			t.Errorf("read %d times after it was heard, want once", n)
		}
	})
}
