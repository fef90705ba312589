package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

func TestAnyServerWritesAndAllHoldIt(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	leader := g.leader()
	commit(t, leader, change("b1", 1, 0))
	follower := g.other(leader)
	commit(t, follower, change("b2", 1, 0))
	for want, c := range map[error]persistence.Change{
		persistence.ErrFenced: change("b2", 0, 1), persistence.ErrConflict: change("b2", 1, 7),
	} {
		if err := follower.Commit(t.Context(), c); !errors.Is(err, want) {
			t.Errorf("through a server that does not lead: got %v, want %v", err, want)
		}
	}
	g.same(map[string]uint64{"b1": 1, "b2": 1})
}

func TestTheLeaderDies(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	old := g.leader()
	for i := range uint64(20) {
		commit(t, old, change("b1", 1, i))
	}
	g.net.partition(old.opt.Network.Address) // no hand-over: it dies
	must(t, old.Close())
	commit(t, g.leader(old), change("b1", 1, 20))
	g.same(map[string]uint64{"b1": 21})
}

// A leader that was cut off acknowledges nothing, and what it was asked
// meanwhile is either in the log of all in the end or in none.
func TestADeposedLeaderAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	old := g.leader()
	commit(t, old, change("b1", 1, 0))
	g.net.partition(old.opt.Network.Address)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := old.Commit(ctx, change("b1", 1, 1))
	if !errors.Is(err, persistence.ErrUnknown) && !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("cut off, it answered %v", err)
	}
	waitFor(t, "the cut off leader to step down", func() bool { return old.member.raft.State() != raft.Leader })
	if err := old.Commit(ctx, change("b1", 1, 1)); !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("without a majority: %v", err)
	}
	if got := load(t, old)["b1"]; got.Seq != 1 {
		t.Errorf("it reads %+v, which nobody acknowledged", got)
	}
	next := g.leader(old)
	other := change("b1", 2, 1)
	commit(t, next, other)
	g.net.heal()
	g.same(map[string]uint64{"b1": 2})
	if got := load(t, old)["b1"]; got.Epoch != 2 {
		t.Errorf("after healing it holds %+v", got)
	}
}

func TestLostMajority(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 3)
	leader := g.leader()
	commit(t, leader, change("b1", 1, 0))
	g.same(map[string]uint64{"b1": 1})
	last := g.other(leader)
	for _, r := range g.nodes {
		if r != last {
			must(t, r.Close())
		}
	}
	waitFor(t, "the last server to say that nothing is stored", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		return errors.Is(last.Commit(ctx, change("b1", 1, 1)), persistence.ErrUnavailable)
	})
	if got := load(t, last)["b1"]; got.Seq != 1 {
		t.Errorf("reads go on: %+v", got)
	}
}

// A server by itself, with boards from before there was a log, is joined by
// two: they get all of it, and votes.
func TestAServerByItselfIsJoined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	local, err := persistence.OpenLocal(dir, persistence.Options{})
	must(t, err)
	must(t, local.Commit(t.Context(), change("b1", 1, 0)))
	must(t, local.Close())
	g := &group{t: t, net: &fabric{cut: map[string]bool{}}}
	first := openTest(t, dir, Options{Node: "s0", Cluster: "lab"})
	commit(t, first, change("b1", 1, 1))
	must(t, first.Connect(g.net.network(t)))
	g.nodes = append(g.nodes, first)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, name := range []string{"s1", "s2"} {
		must(t, g.add(name).Join(ctx, []string{first.opt.Network.Address}))
	}
	g.same(map[string]uint64{"b1": 2})
	waitFor(t, "three voters", func() bool {
		voters := 0
		for _, s := range g.nodes[2].Servers() {
			if s.Suffrage == raft.Voter {
				voters++
			}
		}
		return voters == 3
	})
	must(t, first.Close())
	commit(t, g.leader(first), change("b1", 1, 2))
	g.same(map[string]uint64{"b1": 3})
}

func TestJoiningIsRefused(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 1)
	first := g.leader()
	waitFor(t, "the group to be in the log", func() bool {
		first.member.mu.Lock()
		defer first.member.mu.Unlock()
		return first.member.known
	})
	for name, tt := range map[string]struct {
		change func(*Server)
		want   string
	}{
		"a name that another folder has": {func(s *Server) { s.Node = "s0" }, "is known with another folder"},
		"another cluster":                {func(s *Server) { s.Cluster = "attic" }, `is of cluster "attic", this is "lab"`},
		"a newer format":                 {func(s *Server) { s.Format = 9 }, "upgrade all servers"},
		"no address":                     {func(s *Server) { s.Address = "" }, "address and instance are needed"},
	} {
		s := Server{Node: "s1", Address: "127.0.0.1:1", Instance: "other", Cluster: "lab", Format: 1}
		tt.change(&s)
		rep := first.answer(nil, question{Join: &s})
		if rep.Refused == nil || !strings.Contains(rep.Refused.Text, tt.want) {
			t.Errorf("%s: got %+v, want %q", name, rep.Refused, tt.want)
		}
	}
	if n := len(first.Servers()); n != 1 {
		t.Errorf("%d servers in the group", n)
	}
}

func TestBeginRefusesAFilledFolder(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 1)
	leader := g.leader()
	if err := leader.Begin([]Server{leader.Self()}); err == nil || !strings.Contains(err.Error(), "holds boards already") {
		t.Errorf("got %v", err)
	}
}

// One that is late to begin has been asked for its vote by those that were not, and is of the group all the same.
func TestBeginAfterAVote(t *testing.T) {
	t.Parallel()
	g := &group{t: t, net: &fabric{cut: map[string]bool{}}}
	var servers []Server
	for _, name := range []string{"s0", "s1", "s2"} {
		servers = append(servers, g.add(name).Self())
	}
	late := g.nodes[2]
	must(t, late.member.stores.wal.SetUint64([]byte("CurrentTerm"), 1)) // all that a vote leaves
	for _, r := range g.nodes {
		must(t, r.Begin(servers))
	}
	waitFor(t, "the late one to hear of the group", func() bool { return len(late.Servers()) == 3 })
	commit(t, g.leader(), change("b1", 1, 0))
	g.same(map[string]uint64{"b1": 1})
	if err := late.Begin(servers); err == nil {
		t.Error("one that is of a group begins another")
	}
}

func TestWhoGetsAVote(t *testing.T) {
	t.Parallel()
	now := time.Now()
	well := pulse{now.Add(-wellFor), now}
	ill := pulse{time.Time{}, now.Add(-time.Minute)}
	gone := pulse{time.Time{}, now.Add(-silentFor)}
	const v, n = raft.Voter, raft.Nonvoter
	type one struct {
		vote  raft.ServerSuffrage
		pulse pulse
	}
	tests := []struct {
		name            string
		servers         []one // the first leads
		promote, demote string
	}{
		{"alone", []one{{v, pulse{}}}, "", ""},
		{"two", []one{{v, pulse{}}, {n, well}}, "", ""},
		{"three, all well", []one{{v, pulse{}}, {n, well}, {n, well}}, "s1", ""},
		{"three, one not yet well", []one{{v, pulse{}}, {n, well}, {n, ill}}, "", ""},
		{"halfway", []one{{v, pulse{}}, {v, well}, {n, well}}, "s2", ""},
		{"a voter silent, nobody to take its place", []one{{v, pulse{}}, {v, gone}, {v, well}}, "", ""},
		{"a voter silent for long", []one{{v, pulse{}}, {v, gone}, {v, well}, {n, well}}, "", "s1"},
		{"a voter silent for a minute", []one{{v, pulse{}}, {v, ill}, {v, well}, {n, well}}, "", ""},
		{"its place is taken", []one{{v, pulse{}}, {n, gone}, {v, well}, {n, well}}, "s3", ""},
		{"five", []one{{v, pulse{}}, {v, well}, {v, well}, {n, well}, {n, well}}, "s3", ""},
	}
	for _, tt := range tests {
		var servers []raft.Server
		pulses := map[raft.ServerID]pulse{}
		for i, s := range tt.servers {
			id := raft.ServerID(fmt.Sprint("s", i))
			servers = append(servers, raft.Server{Suffrage: s.vote, ID: id})
			pulses[id] = s.pulse
		}
		promote, demote := plan(servers, "s0", pulses, now)
		if name(promote) != tt.promote || name(demote) != tt.demote {
			t.Errorf("%s: promote %q, demote %q", tt.name, name(promote), name(demote))
		}
	}
}

// A voter that has been silent for ten minutes loses its vote to a server that is well, one change at a time.
func TestASilentVoterIsReplaced(t *testing.T) {
	t.Parallel()
	g := newGroup(t, 4)
	leader := g.leader()
	votes := func() (ids []string) {
		for _, s := range leader.Servers() {
			if s.Suffrage == raft.Voter {
				ids = append(ids, string(s.ID))
			}
		}
		slices.Sort(ids)
		return ids
	}
	waitFor(t, "three votes", func() bool { return len(votes()) == 3 })
	before := votes()
	var gone *Replica
	var spare string
	for _, r := range g.nodes {
		switch {
		case !slices.Contains(before, r.Node()):
			spare = r.Node()
		case r != leader:
			gone = r
		}
	}
	must(t, gone.Close())
	pulses := map[raft.ServerID]pulse{raft.ServerID(gone.Node()): {last: time.Now().Add(-silentFor)}, raft.ServerID(spare): {since: time.Now().Add(-wellFor), last: time.Now()}}
	leader.round(leader.member, pulses) // as after ten minutes
	if got := votes(); len(got) != 2 || slices.Contains(got, gone.Node()) {
		t.Errorf("votes are %v, %s was silent", got, gone.Node())
	}
	waitFor(t, "the spare server to vote", func() bool { return len(votes()) == 3 && slices.Contains(votes(), spare) })
	commit(t, leader, change("b1", 1, 0))
}

func name(s *raft.Server) string {
	if s == nil {
		return ""
	}
	return string(s.ID)
}
