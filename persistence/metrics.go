package persistence

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what the journal and the logs count. nil: nothing is counted.
type Metrics struct {
	commitSeconds prometheus.Histogram
	batchCommits  prometheus.Histogram
	logLines      prometheus.Counter
	logDropped    *prometheus.CounterVec
}

// NewMetrics makes the metrics of one server's stores and registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "mozpool_persistence_commit_seconds",
			Help:    "From asking the journal for a change until it answered that the change is durable.",
			Buckets: prometheus.ExponentialBuckets(100e-6, 4, 10)}),
		batchCommits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "mozpool_persistence_batch_commits",
			Help:    "Changes that shared one synced transaction of the journal; in a cluster, one entry of its log.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 7)}),
		logLines: prometheus.NewCounter(prometheus.CounterOpts{Name: "mozpool_persistence_log_lines_total",
			Help: "Lines taken into the boards' logs."}),
		logDropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_persistence_log_dropped_total",
			Help: "Lines lost, by reason: flood (a board beyond its rate), full (no room in memory), disk (a write failed), closed."},
			[]string{"reason"}),
	}
	for _, reason := range []lost{lostFlood, lostFull, lostDisk, lostClosed} {
		m.logDropped.WithLabelValues(string(reason)) // a loss is seen from 0 on
	}
	r.MustRegister(m.commitSeconds, m.batchCommits, m.logLines, m.logDropped)
	return m
}

// lost says why a line is not in the log.
type lost string

const (
	lostFlood  lost = "flood"
	lostFull   lost = "full"
	lostDisk   lost = "disk"
	lostClosed lost = "closed"
)

// Committed notes how long a change took to become durable.
func (m *Metrics) Committed(took time.Duration) {
	if m != nil {
		m.commitSeconds.Observe(took.Seconds())
	}
}

// Batch notes how many changes were written at once.
func (m *Metrics) Batch(commits int) {
	if m != nil {
		m.batchCommits.Observe(float64(commits))
	}
}

func (m *Metrics) line() {
	if m != nil {
		m.logLines.Inc()
	}
}

func (m *Metrics) dropped(why lost, lines uint64) {
	if m != nil && lines > 0 {
		m.logDropped.WithLabelValues(string(why)).Add(float64(lines))
	}
}
