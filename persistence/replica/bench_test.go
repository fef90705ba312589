package replica

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"mozpool/persistence"
)

// BenchmarkCommit compares the replicated journal of one server with the bare
// local one in the same run, both with 2,000 boards at once; ratio is what
// counts (at least 0.5).
func BenchmarkCommit(b *testing.B) {
	local, err := persistence.OpenLocal(b.TempDir(), persistence.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, local.Close()) })
	replica := openTest(b, b.TempDir(), Options{})
	prev := uint64(0)
	var bare, ours time.Duration
	const each = 20
	for b.Loop() {
		bare += commitAll(b, local, prev, each)
		ours += commitAll(b, replica, prev, each)
		prev += each
	}
	b.ReportMetric(float64(bare)/float64(ours), "ratio")
	b.ReportMetric(float64(b.N)*2000*each/bare.Seconds(), "local/s")
	b.ReportMetric(float64(b.N)*2000*each/ours.Seconds(), "replica/s")
}

// BenchmarkCommit3 has the same done by three voters on one machine, at the one that leads and at one that does not.
func BenchmarkCommit3(b *testing.B) {
	const each = 20
	for name, at := range map[string]func(*group) *Replica{
		"leader":   func(g *group) *Replica { return g.leader() },
		"follower": func(g *group) *Replica { return g.other(g.leader()) },
	} {
		b.Run(name, func(b *testing.B) {
			j := at(newGroup(b, 3))
			prev := uint64(0)
			var took time.Duration
			for b.Loop() {
				took += commitAll(b, j, prev, each)
				prev += each
			}
			b.ReportMetric(float64(b.N)*2000*each/took.Seconds(), "commits/s")
		})
	}
}

func commitAll(b *testing.B, j persistence.Journal, prev, each uint64) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for w := range 2000 {
		all.Go(func() {
			c := persistence.Change{Board: fmt.Sprint("w", w), Epoch: 1, Record: make([]byte, 600), Event: make([]byte, 100)}
			for c.PrevSeq = prev; c.PrevSeq < prev+each; c.PrevSeq++ {
				if err := j.Commit(b.Context(), c); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}
