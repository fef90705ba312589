package replica

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"mozpool/persistence"
	"mozpool/persistence/journaltest"
	"mozpool/persistence/lease"
)

func TestReplicaIsAJournal(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) persistence.Journal { return openTest(t, t.TempDir(), Options{}) })
}

func TestReopenKeepsAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	node := r.Node()
	must(t, r.Close())
	r = openTest(t, dir, Options{})
	if got := load(t, r); len(got) != 1 || string(got["b1"].Record) != "state 1" || r.Node() != node {
		t.Errorf("got %+v as node %s, was %s", got, r.Node(), node)
	}
	must(t, r.Commit(t.Context(), change("b1", 1, 1)))
}

// A journal of the version before is taken over with all that it holds, and
// the log begins after a snapshot of it, so that who joins gets it too.
func TestTakesOverALocalJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	local, err := persistence.OpenLocal(dir, persistence.Options{})
	must(t, err)
	must(t, local.Commit(t.Context(), change("b1", 3, 0)))
	must(t, local.Close())
	r := openTest(t, dir, Options{})
	if got := load(t, r)["b1"]; got.Seq != 1 || got.Epoch != 3 {
		t.Errorf("took over %+v", got)
	}
	if has, err := r.member.stores.hasSnapshot(); err != nil || !has {
		t.Errorf("snapshot %v, %v: a server that joins would miss what was there", has, err)
	}
	must(t, r.Commit(t.Context(), change("b1", 3, 1)))
	must(t, r.Close())
	if got := load(t, openTest(t, dir, Options{}))["b1"]; got.Seq != 2 {
		t.Errorf("after a restart %+v", got)
	}
}

// A write that fails on disk is not skipped: the copy stops, and a restart
// carries it out from the log.
func TestFailedDiskStopsTheCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var bad atomic.Bool
	r := openTest(t, dir, Options{fault: func() error {
		if bad.Load() {
			return syscall.EIO
		}
		return nil
	}})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	bad.Store(true)
	if err := r.Commit(t.Context(), change("b1", 1, 1)); !errors.Is(err, persistence.ErrUnknown) || !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	bad.Store(false)
	<-r.Broken()
	if err := r.Commit(t.Context(), change("b2", 1, 0)); !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("after it stopped: %v", err)
	}
	if got := load(t, r)["b1"]; got.Seq != 1 || !errors.Is(r.Err(), syscall.EIO) {
		t.Errorf("reads %+v, says %v", got, r.Err())
	}
	must(t, r.Close())
	r = openTest(t, dir, Options{})
	if got := load(t, r)["b1"]; got.Seq != 2 {
		t.Errorf("the log was not carried out after the restart: %+v", got)
	}
	must(t, r.Commit(t.Context(), change("b1", 1, 1))) // the repeat
}

// What a newer version wrote is not guessed at: the copy stops before it, and
// goes on from there once this server is upgraded.
func TestUnknownKindStopsTheCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	err := r.Write(t.Context(), newerOp{})
	if !errors.Is(err, persistence.ErrUnknown) || !strings.Contains(err.Error(), "upgrade this server") {
		t.Errorf("got %v", err)
	}
	<-r.Broken()
	must(t, r.Close())
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "upgrade this server") {
		t.Errorf("opened again: %v", err)
	}
	upgraded := openTest(t, dir, Options{Kinds: persistence.Kinds{'?': persistence.DecodeAs[newerOp]}})
	must(t, upgraded.Commit(t.Context(), change("b1", 1, 1)))
}

type newerOp struct{}

// Apply implements persistence.Op.
func (newerOp) Apply(persistence.KV) error { return nil }

// Size implements persistence.Op.
func (newerOp) Size() int { return 1 }

// Letter implements persistence.Op.
func (newerOp) Letter() byte { return '?' }

func TestLowWaterRefusesBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	r.opt.LowWater = 1 << 62 // no disk has so much
	err := r.Commit(t.Context(), change("b1", 1, 1))
	if !errors.Is(err, persistence.ErrUnavailable) || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
	if r.Err() != nil {
		t.Errorf("the copy stopped: %v", r.Err())
	}
	r.opt.LowWater = 1
	must(t, r.Commit(t.Context(), change("b1", 1, 1)))
}

func TestFolderOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{Node: "s1", Cluster: "lab"})
	must(t, r.Close())
	newer := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(newer, "raft"), 0o700))
	must(t, os.WriteFile(filepath.Join(newer, "raft", "NODE"), []byte(`{"format":2}`), 0o600))
	for _, tt := range []struct {
		dir  string
		opt  Options
		want string
	}{
		{dir, Options{Node: "s2"}, "belongs to node s1, not s2"},
		{dir, Options{Cluster: "attic"}, "belongs to cluster lab, not attic"},
		{newer, Options{}, "has format 2, this mozpool reads 1"},
	} {
		if _, err := Open(t.Context(), tt.dir, tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
	openTest(t, dir, Options{Node: "s1"})
}

// A grant of a rack fences all boards of it, and not those of others.
func TestGrantFencesChanges(t *testing.T) {
	t.Parallel()
	r := openTest(t, t.TempDir(), Options{})
	must(t, r.Write(t.Context(), lease.Renew{Session: lease.Session{Server: "s1", Incarnation: 1, Number: 1}}))
	for epoch := uint64(1); epoch <= 2; epoch++ {
		grant := lease.Grant{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: epoch}
		must(t, r.Write(t.Context(), grant))
		if epoch == 1 {
			must(t, r.Write(t.Context(), lease.Release{Rack: "r1", Server: "s1", Incarnation: 1, Epoch: 1}))
		}
	}
	c := change("b1", 1, 0)
	for rack, want := range map[string]error{"r1": persistence.ErrFenced, "r2": nil} {
		c.Rack, c.Board = rack, rack+"/b1"
		if err := r.Commit(t.Context(), c); !errors.Is(err, want) {
			t.Errorf("rack %s: got %v, want %v", rack, err, want)
		}
	}
}
