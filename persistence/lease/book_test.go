package lease

import (
	"testing"
	"time"

	"mozpool/persistence"
)

func TestHeldRunsFromTheMomentSent(t *testing.T) {
	t.Parallel()
	b := NewBook("s1", Session{"s1", 6, 99})
	first := b.Renewal(10 * time.Second)
	if first.Incarnation != 7 || first.Number != 1 {
		t.Errorf("began as %+v", first)
	}
	b.Observe(Grant{Rack: "r1", Server: "s1", Incarnation: 7, Epoch: 3}, nil)
	if _, _, ok := b.Held("r1", 10*time.Second); ok {
		t.Error("held before any renewal was carried out")
	}
	second := b.Renewal(11 * time.Second)
	b.Observe(second, nil) // answered long after: no matter
	b.Observe(first, nil)  // late: shortens nothing
	end := 11*time.Second + L - W
	for now, want := range map[time.Duration]bool{11 * time.Second: true, end - 1: true, end: false} {
		if epoch, until, ok := b.Held("r1", now); ok != want || epoch != 3 || until != end {
			t.Errorf("at %s: epoch %d until %s, %v", now, epoch, until, ok)
		}
	}
	b.Observe(b.Renewal(20*time.Second), nil)
	if epoch, _, ok := b.Held("r1", 21*time.Second); !ok || epoch != 3 {
		t.Error("a lapse is a pause: renewed before a grant, it goes on with its epoch")
	}
	if _, _, ok := b.Held("r2", 21*time.Second); ok {
		t.Error("holds a rack that it was never granted")
	}
}

func TestBookLosesRacks(t *testing.T) {
	t.Parallel()
	mine := Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 3}
	for name, lose := range map[string]func(*Book){
		"granted to another":      func(b *Book) { b.Observe(Grant{Rack: "r1", Server: "s2", Incarnation: 4, Epoch: 4}, nil) },
		"its own next process":    func(b *Book) { b.Observe(Renew{Session{"s1", 2, 1}}, nil) },
		"let go":                  func(b *Book) { b.Release("r1", "s2") },
		"let go, then a snapshot": func(b *Book) { b.Release("r1", ""); b.Reload(stateOf(mine)) },
		"a snapshot without it":   func(b *Book) { b.Reload(State{}) },
	} {
		b := NewBook("s1", Session{})
		b.Observe(b.Renewal(time.Second), nil)
		b.Observe(mine, nil)
		b.Observe(Grant{Rack: "r1", Server: "s2", Epoch: 9}, persistence.ErrConflict)
		b.Observe(Renew{Session{"s2", 1, 1}}, nil)
		b.Reload(stateOf(mine))
		if _, _, ok := b.Held("r1", time.Second); !ok || len(b.Racks()) != 1 {
			t.Fatal("does not hold what it was granted")
		}
		lose(b)
		if epoch, _, ok := b.Held("r1", time.Second); ok {
			t.Errorf("%s: still holds epoch %d", name, epoch)
		}
	}
}

func stateOf(g Grant) State {
	return State{Leases: map[string]Lease{g.Rack: {Rack: g.Rack, Server: g.Server, Incarnation: g.Incarnation, Epoch: g.Epoch}}}
}
