package keeper

import (
	"testing"
	"testing/synctest"
	"time"
)

// A source that loses boards which are at work does not empty the racks one rest at a time: what has to wait counts for the
// guard, and takes wishes until a person has approved.
func TestBoardsAtWorkAreGuarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, boards("a", 0, 20))
		defer s.run()()
		s.have(20, "at first")
		all := boards("a", 0, 20)
		for _, b := range all[8:] {
			s.occupy(b.ID, true)
		}
		s.source.specs = all[:8]
		one := s.servers["one"]
		if err := one.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := one.Status().Pending
		if p == nil || len(p.Later) != 12 || len(p.Remove) != 0 || len(one.leaving) != 0 {
			t.Fatalf("12 boards of 20 are about to go, and nobody is asked: %+v, leaving %v", p, one.leaving)
		}
		for _, b := range all[8:14] {
			s.occupy(b.ID, false)
		}
		time.Sleep(time.Minute) // virtual
		synctest.Wait()
		if n := len(one.fleet); n != 20 {
			t.Fatalf("%d boards without an approval", n)
		}
		again := one.Status().Pending
		if again == nil || again.ID == p.ID || len(again.Remove) != 6 || len(again.Later) != 6 {
			t.Fatalf("the plan that waits is not what would be done now: %+v", again)
		}
		if _, err := one.Approve(t.Context(), again.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		s.have(14, "those at rest, once approved")
		if len(one.leaving) != 6 || len(s.servers["two"].leaving) != 6 {
			t.Errorf("leaving: %v and %v", one.leaving, s.servers["two"].leaving)
		}
		s.give("two") // which knows what was approved
		for _, b := range all[14:19] {
			s.occupy(b.ID, false)
		}
		s.have(9, "those that rest since")
		s.source.specs = append(boards("a", 0, 8), all[19])
		if err := s.servers["two"].Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		if two := s.servers["two"]; len(two.leaving) != 0 || len(two.state.Agreed) != 0 || two.Status().Pending != nil {
			t.Errorf("a board that is listed again is still to go: %v, %v", two.leaving, two.state.Agreed)
		}
	})
}
