package keeper

import (
	"context"
	"slices"
	"testing"
	"time"
)

// A removed board is forgotten after its time, once; one that comes back is not.
func TestRemovedBoardsAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var forgotten []string
	r := newRig(t, &list{name: "a", specs: boards("a", 0, 8)})
	r.cfg.Clock = func() time.Time { return now }
	r.cfg.Forget = func(_ context.Context, id string) error {
		forgotten = append(forgotten, id)
		return nil
	}
	source, _ := r.cfg.Sources[0].(*list)
	r.sync(t)
	source.specs = boards("a", 0, 6)
	r.sync(t)
	now = now.Add(Kept - time.Hour)
	source.specs = boards("a", 0, 7) // a6 is back in time
	r.sync(t)
	if len(forgotten) != 0 {
		t.Errorf("too early: %v", forgotten)
	}
	now = now.Add(2 * time.Hour)
	r.sync(t)
	r.sync(t)
	if !slices.Equal(forgotten, []string{"a7"}) {
		t.Errorf("forgotten: %v, want a7 once", forgotten)
	}
	source.specs = boards("a", 0, 6)
	r.sync(t)
	now = now.Add(time.Hour)
	r.sync(t)
	if len(forgotten) != 1 {
		t.Errorf("a board that came back counts from its first removal: %v", forgotten)
	}
}
