package actors

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// followed is a journal whose changes are kept in the order in which they were carried out.
type followed struct {
	*persistence.Memory
	mu      sync.Mutex
	changes []persistence.Change
}

func (j *followed) Commit(ctx context.Context, c persistence.Change) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.Memory.Commit(ctx, c)
	if err == nil {
		j.changes = append(j.changes, c)
	}
	return err
}

// A mirror that follows the journal shows what the owner shows and tells what it tells, from wherever it began; it
// wakes no actor, and repeated or late changes do nothing.
func TestAMirrorShowsWhatTheOwnerDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told, mirrored []Event
		journal := &followed{Memory: persistence.NewMemory()}
		w := newWorld(t, 2, func(c *Config) {
			c.Journal, c.Lease = journal, func(string) error { return nil }
			c.Told = func(_, _ string, e Event) { told = append(told, e) }
		})
		defer w.f.Stop()
		before := len(journal.changes)
		cfg := w.cfg
		cfg.Told = func(_, _ string, e Event) { mirrored = append(mirrored, e) }
		m := New(cfg)
		defer m.Stop()
		if err := m.Mirror(t.Context(), specs(2)); err != nil {
			t.Fatal(err)
		}
		told = nil
		w.wish("board1", board.WantImage, "v2")
		w.install("board1")
		synctest.Wait()
		for _, c := range journal.changes[before-1:] { // one that the mirror began with
			if c.Rack != "r1" {
				t.Errorf("a change is not under the rack's lease: %+v", c)
			}
			m.Follow(c)
			m.Follow(c)
		}
		m.Follow(persistence.Change{Board: "nobody's"})
		for _, name := range []string{"board1", "board2"} {
			have, want := m.ByName(name), w.f.ByName(name)
			if have.Seq != want.Seq || !bytes.Equal(encode(have.Board), encode(want.Board)) || have.Address != want.Address {
				t.Errorf("%s is shown as %+v\nand is %+v", name, have, want)
			}
		}
		if m.ByName("board1").Inputs == nil || !reflect.DeepEqual(told, mirrored) || len(told) == 0 {
			t.Errorf("told of %d transitions, the owner of %d", len(mirrored), len(told))
		}
	})
}

// A board of a mirror has no actor: nobody may think that it was asked.
func TestAMirrorIsNotAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		w.f.Stop()
		m := New(w.cfg)
		defer m.Stop()
		if err := m.Mirror(t.Context(), specs(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Wish(t.Context(), "board1", Request{Want: board.WantPowerOff}); err == nil {
			t.Error("it was asked")
		}
		calls := w.rail.calls
		time.Sleep(time.Hour) // virtual
		if w.rail.calls != calls {
			t.Error("a relay was touched")
		}
	})
}
