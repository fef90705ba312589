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
