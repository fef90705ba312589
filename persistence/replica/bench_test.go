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
