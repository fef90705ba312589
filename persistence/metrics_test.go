package persistence

import (
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestMetricsOfTheJournal: each commit is timed, each transaction counted.
func TestMetricsOfTheJournal(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	j, err := OpenLocal(t.TempDir(), Options{Metrics: NewMetrics(reg)})
	must(t, err)
	defer func() { must(t, j.Close()) }()
	for seq := range uint64(3) {
		must(t, j.Commit(t.Context(), Change{Board: "b", Epoch: 1, PrevSeq: seq, Record: []byte{byte(seq)}}))
	}
	if err := j.Commit(t.Context(), Change{Board: "b", Epoch: 1, PrevSeq: 9, Record: []byte("x")}); err == nil {
		t.Error("a change out of order was stored")
	}
	families, err := reg.Gather()
	must(t, err)
	counts := map[string]uint64{}
	for _, f := range families {
		if h := f.GetMetric()[0].GetHistogram(); h != nil {
			counts[f.GetName()] = h.GetSampleCount()
		}
	}
	if counts["mozpool_persistence_commit_seconds"] != 3 || counts["mozpool_persistence_batch_commits"] != 4 {
		t.Errorf("counted %v, not 3 commits in 4 transactions", counts)
	}
}

// TestMetricsOfTheLogs: a line that is lost is counted under its reason.
func TestMetricsOfTheLogs(t *testing.T) {
	t.Parallel()
	m := NewMetrics(prometheus.NewRegistry())
	now := time.Now()
	l := openLogs(t, t.TempDir(), LogOptions{Metrics: m, BoardRate: 1, BoardBurst: 2, Buffer: 150, Now: func() time.Time { return now }})
	for range 3 { // the third is one too many at once
		l.Append(Line{Board: "b", Text: "x"})
	}
	for _, board := range []string{"c", "d", "e", "f", "g", "h", "i", "j"} {
		l.Append(Line{Board: board, Text: "xxxxxxxxxxxxxxxxxxxxxxxx"})
	}
	readOnly, err := os.Open(l.file.Name())
	must(t, err)
	good := l.file
	l.file = readOnly
	if l.Sync() == nil {
		t.Error("a write to a file that was opened for reading succeeded")
	}
	must(t, readOnly.Close())
	l.file = good
	taken := testutil.ToFloat64(m.logLines)
	full := testutil.ToFloat64(m.logDropped.WithLabelValues("full"))
	disk := testutil.ToFloat64(m.logDropped.WithLabelValues("disk"))
	if flood := testutil.ToFloat64(m.logDropped.WithLabelValues("flood")); flood != 1 {
		t.Errorf("%v lines lost to the flood, not 1", flood)
	}
	if full == 0 || taken+full != 10 || disk != taken {
		t.Errorf("%v taken, %v without room, %v lost to the disk", taken, full, disk)
	}
	if float64(l.Dropped()) != 1+full+disk {
		t.Errorf("Dropped is %d", l.Dropped())
	}
	must(t, l.Close())
	l.Append(Line{Board: "b"})
	if got := testutil.ToFloat64(m.logDropped.WithLabelValues("closed")); got != 1 {
		t.Errorf("%v lines lost to the end, not 1", got)
	}
}
