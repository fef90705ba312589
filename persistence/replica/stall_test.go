package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/persistence"
)

// valve is a disk that can be made to stand still.
type valve struct{ mu sync.RWMutex }

func (v *valve) pass() { v.mu.RLock(); v.mu.RUnlock() } //nolint:staticcheck // an empty section waits for whoever shut it

// newStuckGroup begins three servers whose disks can be shut.
func newStuckGroup(t *testing.T) (*group, map[*Replica]*valve) {
	t.Helper()
	g := &group{t: t, net: &fabric{cut: map[string]bool{}}}
	disks := map[*Replica]*valve{}
	var servers []Server
	for i := range 3 {
		v := &valve{}
		r := openTest(t, t.TempDir(), Options{Node: fmt.Sprint("s", i), Cluster: "lab", Network: g.net.network(t), Stall: v.pass})
		g.nodes, disks[r], servers = append(g.nodes, r), v, append(servers, r.Self())
	}
	for _, r := range g.nodes {
		must(t, r.Begin(servers))
	}
	return g, disks
}

// A server whose disk is stuck says so; what it is asked is stored by the others, and by it once the disk goes on.
func TestStuckFollower(t *testing.T) {
	t.Parallel()
	g, disks := newStuckGroup(t)
	leader := g.leader()
	commit(t, leader, change("b1", 1, 0))
	g.same(map[string]uint64{"b1": 1})
	stuck := g.other(leader)
	disks[stuck].mu.Lock()
	commit(t, stuck, change("b1", 1, 1))
	waitFor(t, "it to say that its disk is stuck", func() bool { return stuck.Stuck() > time.Second })
	if got := load(t, stuck)["b1"]; got.Seq != 1 {
		t.Errorf("stored on a disk that is stuck: %+v", got)
	}
	disks[stuck].mu.Unlock()
	g.same(map[string]uint64{"b1": 2})
	waitFor(t, "nothing to be stuck any more", func() bool { return stuck.Stuck() == 0 })
}

// A leader whose disk is stuck keeps the lead, and nothing is stored, until it leaves the others alone.
func TestStuckLeader(t *testing.T) {
	t.Parallel()
	g, disks := newStuckGroup(t)
	leader := g.leader()
	commit(t, leader, change("b1", 1, 0))
	g.same(map[string]uint64{"b1": 1})
	disks[leader].mu.Lock()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := g.other(leader).Commit(ctx, change("b1", 1, 1)); err == nil {
		t.Error("stored by a leader whose disk is stuck")
	}
	waitFor(t, "it to say that its disk is stuck", func() bool { return leader.Stuck() > time.Second })
	why := errors.New("the disk is stuck")
	leader.Abandon(why)
	commit(t, g.leader(leader), change("b2", 1, 0))
	<-leader.Broken()
	if !errors.Is(leader.Err(), why) {
		t.Errorf("it stopped for %v", leader.Err())
	}
	disks[leader].mu.Unlock()
}

// What waits for a disk that stands still is not proposed once its asker has given up.
func TestGivenUpInTheQueue(t *testing.T) {
	t.Parallel()
	v := &valve{}
	r := openTest(t, t.TempDir(), Options{Stall: v.pass})
	must(t, r.Commit(t.Context(), change("b0", 1, 0)))
	v.mu.Lock()
	all := make(chan error)
	for i := range inFlight { // as many entries as may be under way
		go func() { all <- r.Commit(t.Context(), change(fmt.Sprint("b", i+1), 1, 0)) }()
		waitFor(t, "an entry to be under way", func() bool { return len(r.slots) == i+1 })
	}
	ctx, cancel := context.WithCancel(t.Context())
	late := make(chan error)
	for range 2 {
		go func() { late <- r.Commit(ctx, change("late", 1, 0)) }()
	}
	waitFor(t, "one to be in the queue", func() bool { return len(r.queue) == 1 }) // the other waits for a slot
	cancel()
	for range 2 {
		if err := <-late; !errors.Is(err, persistence.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	}
	v.mu.Unlock()
	for range inFlight {
		must(t, <-all)
	}
	must(t, r.Commit(t.Context(), change("after", 1, 0)))
	if got := load(t, r); len(got) != inFlight+2 || got["late"].Seq != 0 {
		t.Errorf("stored is %v", got)
	}
}

// The oldest of the writes under way counts.
func TestPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pending
		first := p.write()
		time.Sleep(3 * time.Second) // virtual
		second := p.write()
		time.Sleep(time.Second) // virtual
		for _, step := range []struct {
			want time.Duration
			done func()
		}{{4 * time.Second, first}, {time.Second, second}, {0, func() {}}} {
			if got := p.oldest(); got != step.want {
				t.Errorf("%v, want %v", got, step.want)
			}
			step.done()
		}
	})
}
