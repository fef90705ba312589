package cluster

import (
	"os"
	"slices"
	"testing"
	"time"

	"mozpool/cmd/mozpool/demo/several"
	v1 "mozpool/httpapi/v1"
)

// Disks of journals stand still under imaging, of who leads and of who does not, and one is lost for good; others go on with
// the racks.
func TestDisks(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") != "1" {
		t.Skip("takes a minute: set MOZPOOL_E2E=1 (make e2e) to run it")
	}
	w := newWorld(t, several.Options{Speed: boardSpeed})
	// A leader whose disk stands still keeps the lead by itself, and nothing is stored; so it ends. Others keep its racks, and
	// boards that are in mid-write when it begins write on.
	w.imaging(3)
	stuck := w.leader()
	w.stick(stuck)
	w.letsGo(stuck)
	w.until("it to end", func() bool { return !stuck.Running() })
	w.allReady()
	w.imaging(3)
	w.unstick(stuck)
	w.allReady()
	w.back(stuck)

	// One that does not lead lives on without racks.
	w.imaging(3)
	stuck = w.follower()
	w.stick(stuck)
	w.letsGo(stuck)
	w.allReady()
	w.unstick(stuck)

	w.imaging(3)
	w.replaced(w.Servers[2], "img4")
	w.allReady()
	w.judge()
}

// letsGo waits until others hold all racks.
func (w *world) letsGo(p *several.Process) {
	w.t.Helper()
	began := time.Now()
	w.until("others to hold all racks of "+p.Name, func() bool {
		return !slices.ContainsFunc(w.Racks, func(r *several.Rack) bool { return w.Holder(r.Name) == p })
	})
	w.t.Logf("the disk of %s is of no use: others held its racks after %.1f s", p.Name, time.Since(began).Seconds())
}

// follower is a server that does not lead, with racks if there is one.
func (w *world) follower() *several.Process {
	w.t.Helper()
	leader := w.leader()
	for _, r := range w.Racks {
		if p := w.holder(r.Name); p != leader {
			return p
		}
	}
	return w.Servers[(slices.Index(w.Servers, leader)+1)%len(w.Servers)]
}

// replaced has a server lose its disk for good, and another come in its place under another name. It learns all that was
// ever stored.
func (w *world) replaced(p *several.Process, name string) {
	w.t.Helper()
	old, other := p.Name, w.Servers[0]
	w.must(w.Replace(p, name))
	w.until("the cluster to remove "+old, func() bool {
		_, err := other.Client().Remove(w.ctx, old)
		return err == nil
	})
	w.back(p)
	w.until(name+" to vote", func() bool {
		all, err := other.Client().Cluster(w.ctx)
		return err == nil && len(all.Servers) == servers && slices.ContainsFunc(all.Servers, func(s v1.ClusterServer) bool { return s.Name == name && s.Votes })
	})
}
