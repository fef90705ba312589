package replica

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/persistence"
)

// TestMetrics: what is stored through the log is timed as in a server's own journal, what is refused is not.
func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	r := openTest(t, t.TempDir(), Options{Metrics: persistence.NewMetrics(reg)})
	before := counted(t, reg) // a new log has entries of its own
	for seq := range uint64(3) {
		must(t, r.Commit(t.Context(), change("b", 1, seq)))
	}
	if err := r.Commit(t.Context(), change("b", 1, 9)); err == nil {
		t.Error("a change out of order was stored")
	}
	after := counted(t, reg)
	for name, want := range map[string]uint64{"mozpool_persistence_commit_seconds": 3, "mozpool_persistence_batch_commits": 4} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s counted %d, not 3 commits in 4 entries", name, got)
		}
	}
}

// counted are the observations of each histogram.
func counted(t *testing.T, reg *prometheus.Registry) map[string]uint64 {
	t.Helper()
	families, err := reg.Gather()
	must(t, err)
	counts := map[string]uint64{}
	for _, f := range families {
		if h := f.GetMetric()[0].GetHistogram(); h != nil {
			counts[f.GetName()] = h.GetSampleCount()
		}
	}
	return counts
}
