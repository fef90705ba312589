package replica

import (
	"errors"
	"testing"

	"mozpool/persistence"
)

func TestTheLeadIsHandedOver(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	leader := g.leader()
	next := g.other(leader)
	waitFor(t, "the lead to be handed over", func() bool { // raft refuses while it is still busy electing
		return leader.Transfer(next.Node()) == nil || next.Leads()
	})
	waitFor(t, "all to know it", func() bool {
		return leader.Leader() == next.Node() && g.other(leader, next).Leader() == next.Node()
	})
	if err := next.Transfer("nobody"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("to a server that is not there: %v", err)
	}
}

// A leader without room would refuse the whole group's writes: it gives the lead to the one that has some, and never again
// is there nobody who takes a write.
func TestAFullLeaderYields(t *testing.T) {
	t.Parallel()
	full := Options{LowWater: 1 << 62} // no disk has so much
	g := newGroupWith(t, full, full, Options{})
	roomy := g.nodes[2]
	if got := g.leader(); got != roomy { // who takes a write
		t.Fatalf("%s leads", got.Node())
	}
	for i, next := range g.nodes[:2] {
		waitFor(t, "a full server to lead", func() bool { return roomy.Transfer(next.Node()) == nil || next.Leads() })
		waitFor(t, "the one with room to lead again", func() bool { return roomy.Leads() && ready(roomy) == nil })
		commit(t, roomy, change("b1", 1, uint64(i)))
	}
	g.same(map[string]uint64{"b1": 2}) // what is stored the full ones have as well
	if err := g.nodes[0].Write(t.Context(), persistence.Nothing()); !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("a full server takes a write: %v", err)
	}
	if n := len(roomy.Servers()); n != 3 {
		t.Errorf("%d servers", n)
	}
}

// Two of three are lost for good: the last goes on by itself with what it has,
// and the name of a lost one can be given to a new folder.
func TestRecover(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	leader := g.leader()
	commit(t, leader, change("b1", 1, 0))
	g.same(map[string]uint64{"b1": 1})
	waitFor(t, "the group to be in the log", func() bool {
		leader.member.mu.Lock()
		defer leader.member.mu.Unlock()
		return leader.member.known
	})
	last := g.other(leader)
	lost := g.other(leader, last).Node()
	waitFor(t, "the last to have it", func() bool {
		return last.state.View(func(tx persistence.KV) error { _, err := tx.Get(serverKey(lost)); return err }) == nil
	})
	for _, r := range g.nodes {
		must(t, r.Close())
	}
	must(t, Recover(last.dir, Options{}))
	alone := openTest(t, last.dir, Options{})
	if got := load(t, alone)["b1"]; got.Seq != 1 {
		t.Errorf("it holds %+v", got)
	}
	commit(t, alone, change("b1", 1, 1))
	if len(alone.Servers()) != 1 || alone.Node() != last.Node() {
		t.Errorf("servers %v", alone.Servers())
	}
	must(t, alone.Remove(t.Context(), lost))
	if err := alone.Remove(t.Context(), lost); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if err := Recover(t.TempDir(), Options{}); !errors.Is(err, persistence.ErrInvalid) {
		t.Errorf("an empty folder: %v", err)
	}
}
