package keeper

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
	"mozpool/persistence"
)

// mortal is a journal whose server dies after so many writes of any kind: from then on none arrives. The order in which
// the documents of a plan are written is not fixed, so that different runs die at different boards.
type mortal struct {
	*memory
	left int
}

func (m *mortal) dies() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left--
	return m.left < 0
}

func (m *mortal) PutDoc(ctx context.Context, d persistence.Doc) error {
	if m.dies() {
		return persistence.ErrUnavailable
	}
	return m.memory.PutDoc(ctx, d)
}

func (m *mortal) DeleteDoc(ctx context.Context, kind, name string) error {
	if m.dies() {
		return persistence.ErrUnavailable
	}
	return m.memory.DeleteDoc(ctx, kind, name)
}

// quiet is the configuration of a keeper that nothing holds back, with a fleet that is a list.
func quiet(j Journal, fleet *[]inventory.Spec, sources ...Source) Config {
	return Config{Sources: sources, Journal: j, Every: time.Hour, Rules: func() plan.Rules { return plan.Rules{} },
		Apply: func(_ context.Context, boards []inventory.Spec) error { *fleet = boards; return nil }}
}

// server is one life of a server over a journal that outlives it.
func server(t *testing.T, j Journal, fleet *[]inventory.Spec, sources ...Source) *Keeper {
	t.Helper()
	k, err := Open(t.Context(), quiet(j, fleet, sources...))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// beforeAndAfter are a fleet, and what its source makes of it: boards come, are renamed, move to another rack, and go.
func beforeAndAfter() (before, after []inventory.Spec) {
	before, after = boards("a", 0, 30), boards("a", 6, 36)
	for i := range 5 {
		after[i].Name = fmt.Sprintf("renamed-%d", i)
		after[i+5].Rack = "r2"
	}
	return before, after
}

// A server may die between any two writes of an approved plan. The next life needs no second approval, and comes to the
// fleet that was approved: nothing doubled, nothing lost, no leftovers in the journal.
func TestCrashBetweenAnyTwoWrites(t *testing.T) {
	t.Parallel()
	before, after := beforeAndAfter()
	for writes := 0; ; writes++ {
		if writes > 200 {
			t.Fatal("a plan of 46 boards takes more than 200 writes")
		}
		j, source, fleet := newMemory(), &list{name: "a", specs: before}, []inventory.Spec{}
		k := server(t, j, &fleet, source)
		if err := k.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		source.specs = after
		if err := k.Sync(t.Context()); err != nil || k.Status().Pending == nil {
			t.Fatalf("%v, pending %v", err, k.Status().Pending)
		}
		_, died := server(t, &mortal{j, writes}, &fleet, source).Approve(t.Context(), k.Status().Pending.ID, "ann")
		converges(t, writes, j, source, died != nil)
		if died == nil {
			return
		}
	}
}

// converges starts the next life, and looks at what it comes to.
func converges(t *testing.T, writes int, j *memory, source *list, died bool) {
	t.Helper()
	var fleet []inventory.Spec
	k := server(t, j, &fleet, source)
	if err := k.Sync(t.Context()); err != nil {
		t.Fatalf("after %d writes: %v", writes, err)
	}
	if p := k.Status().Pending; p != nil { // not a board was written yet: it waits as before
		if !died || len(p.Remove) != 6 || !slices.EqualFunc(k.Boards(), sortedByID(boards("a", 0, 30)), inventory.Spec.Equal) {
			t.Fatalf("after %d writes %d boards wait to go of %d", writes, len(p.Remove), len(k.Boards()))
		}
		if _, err := k.Approve(t.Context(), p.ID, "ann"); err != nil {
			t.Fatalf("after %d writes: %v", writes, err)
		}
	}
	_, want := beforeAndAfter()
	want = sortedByID(want)
	again := server(t, j, &fleet, source)
	for what, got := range map[string][]inventory.Spec{"the keeper": k.Boards(), "the next life": again.Boards()} {
		if !slices.EqualFunc(got, want, inventory.Spec.Equal) {
			t.Errorf("after %d writes %s has %d boards, or others than the source's %d", writes, what, len(got), len(want))
		}
	}
	for key := range j.docs {
		if strings.HasPrefix(key, doingDocs+"/") || strings.HasPrefix(key, pendingDocs+"/") {
			t.Errorf("after %d writes %s is left over", writes, key)
		}
	}
}

func sortedByID(specs []inventory.Spec) []inventory.Spec {
	slices.SortFunc(specs, func(a, b inventory.Spec) int { return strings.Compare(a.ID, b.ID) })
	return specs
}
