package keeper

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
	"mozpool/persistence"
)

// memory is a journal whose writes of boards fail from a point on.
type memory struct {
	mu    sync.Mutex
	docs  map[string]persistence.Doc
	fails int // writes of boards that still succeed; negative: all do
}

func newMemory() *memory { return &memory{docs: make(map[string]persistence.Doc), fails: -1} }

func (m *memory) PutDoc(_ context.Context, d persistence.Doc) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.Kind == boardDocs && m.fails == 0 {
		return persistence.ErrUnavailable
	}
	if d.Kind == boardDocs {
		m.fails--
	}
	m.docs[d.Kind+"/"+d.Name] = d
	return nil
}

func (m *memory) DeleteDoc(_ context.Context, kind, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.docs, kind+"/"+name)
	return nil
}

func (m *memory) GetDoc(_ context.Context, kind, name string) (persistence.Doc, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.docs[kind+"/"+name]
	if !ok {
		return d, persistence.ErrNotFound
	}
	return d, nil
}

func (m *memory) ListDocs(_ context.Context, kind, prefix string) (docs []persistence.Doc, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(m.docs)) {
		if strings.HasPrefix(key, kind+"/"+prefix) {
			docs = append(docs, m.docs[key])
		}
	}
	return docs, nil
}

// list is a source that says what it is told.
type list struct {
	name  string
	specs []inventory.Spec
	err   error
}

func (l *list) Name() string  { return l.name }
func (l *list) Where() string { return "a test" }
func (l *list) Fetch(context.Context) (records []inventory.Record, _ error) {
	for _, s := range l.specs {
		records = append(records, inventory.Record{Spec: s})
	}
	return records, l.err
}

func boards(source string, from, to int) (all []inventory.Spec) {
	for i := from; i < to; i++ {
		all = append(all, inventory.Spec{ID: fmt.Sprint(source, i), Name: fmt.Sprintf("%s-%03d", source, i), MAC: inventory.MAC(fmt.Sprintf("52:54:00:%02x:%02x:%02x", source[0], i>>8, i&255)),
			Rack: "r1", Hardware: "panda", Source: source})
	}
	return all
}

// rig is a keeper with a fleet that is a list.
type rig struct {
	*Keeper
	journal *memory
	fleet   []inventory.Spec
	refuse  error
	locked  map[string]bool
}

func (r *rig) open(t *testing.T, sources ...Source) {
	t.Helper()
	k, err := Open(t.Context(), Config{Sources: sources, Journal: r.journal, Every: time.Hour,
		Rules: func() plan.Rules {
			return plan.Rules{Hold: func(s inventory.Spec) string {
				if r.locked[s.ID] {
					return "it is locked"
				}
				return ""
			}}
		},
		Apply: func(_ context.Context, boards []inventory.Spec) error {
			if r.refuse != nil {
				return r.refuse
			}
			r.fleet = boards
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	r.Keeper = k
}

func newRig(t *testing.T, sources ...Source) *rig {
	t.Helper()
	r := &rig{journal: newMemory(), locked: make(map[string]bool)}
	r.open(t, sources...)
	return r
}

func (r *rig) sync(t *testing.T) {
	t.Helper()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOutageAndEmptyChangeNothing(t *testing.T) {
	t.Parallel()
	a, b := &list{name: "a", specs: boards("a", 0, 20)}, &list{name: "b", specs: boards("b", 0, 3)}
	r := newRig(t, a, b)
	r.sync(t)
	if len(r.fleet) != 23 || r.Status().LastGood.IsZero() {
		t.Fatalf("%d boards, %+v", len(r.fleet), r.Status())
	}
	for name, spoil := range map[string]func(){"outage": func() { a.err = errors.New("down") }, "empty": func() { a.specs, a.err = nil, nil }} {
		spoil()
		b.specs = boards("b", 0, len(b.specs)+1)
		if err := r.Sync(t.Context()); err == nil || r.Status().Sources[0].Error == "" || r.Status().Sources[1].Error != "" {
			t.Errorf("%s: %v, %+v", name, err, r.Status().Sources)
		}
		if len(r.fleet) != 20+len(b.specs) {
			t.Errorf("%s: %d boards; those of b are to go on, and no other to go", name, len(r.fleet))
		}
	}
}

func TestPlanWaitsForApproval(t *testing.T) {
	t.Parallel()
	a := &list{name: "a", specs: boards("a", 0, 30)}
	r := newRig(t, a)
	r.sync(t)
	a.specs = boards("a", 10, 30)
	r.sync(t)
	waiting := r.Status().Pending
	if waiting == nil || len(waiting.Remove) != 10 || len(r.fleet) != 30 {
		t.Fatalf("%+v, %d boards", waiting, len(r.fleet))
	}
	r.open(t, a) // the server starts again
	if again := r.Status().Pending; again == nil || again.ID != waiting.ID || len(r.Boards()) != 30 {
		t.Fatalf("after a restart %+v waits, with %d boards", again, len(r.Boards()))
	}
	if _, err := r.Approve(t.Context(), "another", "ann"); err == nil {
		t.Error("another plan is approved")
	}
	r.locked["a3"] = true
	if _, err := r.Approve(t.Context(), waiting.ID, "ann"); err == nil || !strings.Contains(err.Error(), "a-003") {
		t.Errorf("a locked board is removed: %v", err)
	}
	r.locked = nil
	if e, err := r.Approve(t.Context(), waiting.ID, "ann"); err != nil || len(e.Removed) != 10 || e.By != "ann" {
		t.Fatal(e, err)
	}
	if len(r.fleet) != 20 || r.Status().Pending != nil {
		t.Errorf("%d boards, %+v", len(r.fleet), r.Status().Pending)
	}
	if h, err := r.History(t.Context()); err != nil || len(h) != 2 || h[0].By != "ann" || h[1].By != "sync" {
		t.Error(h, err)
	}
}

func TestWaitingEndsWhenTheSourceIsPutRight(t *testing.T) {
	t.Parallel()
	a := &list{name: "a", specs: boards("a", 0, 30)}
	r := newRig(t, a)
	r.sync(t)
	a.specs = boards("a", 10, 30)
	r.sync(t)
	a.specs = boards("a", 0, 31)
	r.sync(t)
	if r.Status().Pending != nil || len(r.fleet) != 31 {
		t.Errorf("%d boards, %+v", len(r.fleet), r.Status().Pending)
	}
}

// A crash between any two writes of a plan, and a fleet that refuses once: the next sync converges.
func TestCrashConverges(t *testing.T) {
	t.Parallel()
	for writes := range 8 {
		a := &list{name: "a", specs: boards("a", 0, 8)}
		r := newRig(t, a)
		r.journal.fails = writes
		if err := r.Sync(t.Context()); err == nil {
			t.Fatal("the journal failed, the sync did not")
		}
		r.journal.fails = -1
		r.open(t, a)
		r.fleet = r.Boards()
		r.sync(t)
		if len(r.fleet) != 8 {
			t.Errorf("after %d writes: %d boards", writes, len(r.fleet))
		}
	}
	a := &list{name: "a", specs: boards("a", 0, 8)}
	r := newRig(t, a)
	r.refuse = errors.New("not now")
	if err := r.Sync(t.Context()); err == nil {
		t.Fatal("the fleet refused, the sync did not fail")
	}
	r.refuse = nil
	r.sync(t)
	if len(r.fleet) != 8 {
		t.Errorf("%d boards", len(r.fleet))
	}
}

func TestRunSyncsAtOnceAndEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, &list{name: "a", specs: boards("a", 0, 2)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	for deadline := time.After(30 * time.Second); r.Status().LastGood.IsZero(); {
		select {
		case <-deadline:
			t.Fatal("no sync")
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
