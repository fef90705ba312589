package actors

import (
	"testing"
	"testing/synctest"

	"mozpool/actors/board"
)

// A board that is forgotten leaves nothing, and its neighbours with ids that begin alike keep everything.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 12, func(c *Config) { c.Planner = sized{} })
		for _, name := range []string{"board1", "board12"} {
			w.wish(name, board.WantImage, "v2")
			w.install(name)
			if _, err := w.f.Repaired(t.Context(), name, RepairOrder{Part: board.PartBoard, By: "ann", Image: NoImage}); err != nil {
				t.Fatal(err)
			}
			w.until(name, board.FailedVerify) // nobody boots
		}
		w.f.Stop()
		if err := Forget(t.Context(), w.journal, "board1"); err != nil {
			t.Fatal(err)
		}
		if err := Forget(t.Context(), w.journal, "board1"); err != nil {
			t.Errorf("twice: %v", err)
		}
		w.start(12)
		defer func() { w.f.Stop() }()
		for name, want := range map[string]int{"board1": 0, "board12": 1} {
			repairs, err := w.f.Repairs(t.Context(), name)
			if err != nil || len(repairs) != want {
				t.Errorf("%s has %d repairs, %v", name, len(repairs), err)
			}
			attempts, err := w.f.Attempts(t.Context(), name, 0)
			if err != nil || len(attempts) != 2*want {
				t.Errorf("%s has %d attempts, %v", name, len(attempts), err)
			}
		}
		if s := w.f.ByName("board1").Board; s.State != board.New || s.Attempt != 0 {
			t.Errorf("it comes back as %+v", s)
		}
	})
}
