package cluster

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/demo/several"
)

// frozen is how long a server is stopped: longer than any lease.
const frozen = 15 * time.Second

// One cluster lives through it all, since starting one takes longer than most faults: whoever holds a rack is killed,
// whoever leads, one who does both, one is frozen and wakes, and each is restarted in turn, two of them with clocks that
// are an hour off, all under imaging. Every board ends ready each time, by its one wish; no board is cut while it writes,
// no power is cut that nobody decided on, and no epoch is run by two.
func TestACluster(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	w := newWorld(t, several.Options{Speed: boardSpeed})
	w.imaging(3)
	owner := w.holder("r2")
	if owner == w.leader() {
		owner = w.holder("r3")
	}
	w.killed(owner) // it does not lead
	w.allReady()
	w.back(owner)

	w.imaging(3)
	leader := w.leader()
	w.killed(leader) // it owns a rack as well
	w.allReady()
	w.back(leader)

	// The inventory goes on with whoever has it now; the others follow, and any of them answers for it.
	w.must(w.List("- {name: newcomer, mac: \"52:54:00:ee:00:01\", rack: r1, hardware: simulated}"))
	w.listed(w.boards + 1)
	for _, p := range w.Servers {
		i, err := p.Client().Inventory(w.ctx)
		if err != nil || i.Boards != w.boards+1 || len(i.Sources) != 1 || i.Sources[0].Error != "" || i.Sources[0].Records != w.boards+1 {
			w.t.Errorf("%s tells of the inventory %+v, %v", p.Name, i, err)
		}
	}
	w.must(w.List())
	w.listed(w.boards)

	w.pushed()
	w.missed()
	w.contested()
	w.backedUp()

	w.imaging(3)
	owner = w.holder("r1")
	w.must(owner.Signal(syscall.SIGSTOP))
	woken := time.After(frozen)
	w.until("the rack to change hands", func() bool { return w.Holder("r1") != owner })
	<-woken
	w.must(owner.Signal(syscall.SIGCONT))
	w.allReady()

	w.rotate()
	w.clocks["img1"], w.clocks["img3"] = "1h", "-1h"
	w.imaging(3)
	for _, p := range w.Servers { // in turn
		w.must(p.Stop())
		w.back(p)
	}
	w.allReady()
	w.judge()
}

// rotate changes gossip's key in three steps, by reload; servers that start again later have only the new one.
func (w *world) rotate() {
	w.t.Helper()
	file := func(p *several.Process) string {
		return filepath.Join(filepath.Dir(p.Config), "..", "keys", p.Name, member.FileGossip)
	}
	old, err := os.ReadFile(file(w.Servers[0]))
	w.must(err)
	fresh := []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)) + "\n")
	for _, keys := range [][]byte{slices.Concat(old, fresh), slices.Concat(fresh, old), fresh} {
		for _, p := range w.Servers {
			w.must(os.WriteFile(file(p), keys, 0o600))
			w.must(p.Client().Reload(w.ctx))
		}
	}
	w.must(os.WriteFile(filepath.Join(filepath.Dir(file(w.Servers[0])), "..", member.FileGossip), fresh, 0o600)) // for servers to come
	bad := w.Servers[0]
	w.must(os.WriteFile(file(bad), nil, 0o600))
	if err := bad.Client().Reload(w.ctx); err == nil {
		w.t.Error("a server was left without a key")
	}
	w.must(os.WriteFile(file(bad), fresh, 0o600))
}

// killed kills a server, and says how long it takes until others hold its racks and until something asked of a board of
// one of them, at another server, is answered.
func (w *world) killed(p *several.Process) {
	w.t.Helper()
	name := ""
	for _, r := range w.Racks {
		if w.Holder(r.Name) == p {
			name = r.Names()[0]
		}
	}
	other := w.Servers[(slices.Index(w.Servers, p)+1)%len(w.Servers)]
	w.must(p.Kill())
	began := time.Now()
	w.until("the next holder to store something", func() bool {
		_, err := other.Client().Comment(w.ctx, name, "asked when "+p.Name+" was dead")
		return err == nil
	})
	answered := time.Since(began)
	w.until("its racks to be held by others", func() bool {
		for _, r := range w.Racks {
			if w.Holder(r.Name) == p {
				return false
			}
		}
		return true
	})
	w.t.Logf("%s was killed: what %s was asked was stored after %.1f s", p.Name, other.Name, answered.Seconds())
}
