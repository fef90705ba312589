package keeper

import "github.com/prometheus/client_golang/prometheus"

var (
	ageDesc      = prometheus.NewDesc("mozpool_inventory_age_seconds", "Time since the last sync in which every source answered; there is none before the first.", nil, nil)
	skipsDesc    = prometheus.NewDesc("mozpool_inventory_skipped_records", "Records of the last sync that cannot be used.", nil, nil)
	pendingDesc  = prometheus.NewDesc("mozpool_inventory_pending_changes", "Boards that the plan touches which waits for approval.", nil, nil)
	syncsDesc    = prometheus.NewDesc("mozpool_inventory_syncs_total", "Syncs since the server began.", nil, nil)
	failuresDesc = prometheus.NewDesc("mozpool_inventory_failures_total", "Syncs in which a source failed.", nil, nil)
	changesDesc  = prometheus.NewDesc("mozpool_inventory_changes_total", "Boards added, changed and removed.", []string{"change"}, nil)
)

// Describe implements prometheus.Collector.
func (k *Keeper) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ageDesc, skipsDesc, pendingDesc, syncsDesc, failuresDesc, changesDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (k *Keeper) Collect(out chan<- prometheus.Metric) {
	s := k.Status()
	k.mu.Lock()
	c := k.counts
	k.mu.Unlock()
	waiting := 0
	if s.Pending != nil {
		waiting = s.Pending.Size()
	}
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	if !s.LastGood.IsZero() {
		gauge(ageDesc, k.cfg.Clock().Sub(s.LastGood).Seconds())
	}
	gauge(skipsDesc, float64(len(s.Skips)))
	gauge(pendingDesc, float64(waiting))
	counter(syncsDesc, c.syncs)
	counter(failuresDesc, c.failures)
	counter(changesDesc, c.added, "added")
	counter(changesDesc, c.changed, "changed")
	counter(changesDesc, c.removed, "removed")
}
