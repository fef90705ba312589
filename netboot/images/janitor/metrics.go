package janitor

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what lies in the store, and what it was cleared of. nil: nothing is counted.
type Metrics struct {
	files        *prometheus.GaugeVec
	bytes        *prometheus.GaugeVec
	cleared      *prometheus.CounterVec
	clearedBytes *prometheus.CounterVec
}

// NewMetrics makes the metrics of a server's store and registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		files: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mozpool_netboot_store_files_current",
			Help: "Files of the store by kind (upload, fetched, unpacked, blocks, half) and whether anybody uses them (yes, no), as the last look found them."}, []string{"kind", "used"}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mozpool_netboot_store_bytes_current",
			Help: "Their bytes; sparse files hold less of the disk."}, []string{"kind", "used"}),
		cleared: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_store_cleared_total",
			Help: "Files that the store was cleared of, because nobody used them."}, []string{"kind"}),
		clearedBytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mozpool_netboot_store_cleared_bytes_total",
			Help: "Bytes of those files."}, []string{"kind"}),
	}
	for _, k := range []Kind{Upload, Fetched, Unpacked, Blocks, Half} { // there from the start, so that a rate sees the first
		m.cleared.WithLabelValues(string(k))
		m.clearedBytes.WithLabelValues(string(k))
	}
	m.none()
	r.MustRegister(m.files, m.bytes, m.cleared, m.clearedBytes)
	return m
}

// none sets what lies there to nothing: a store without files shows that.
func (m *Metrics) none() {
	m.files.Reset()
	m.bytes.Reset()
	for _, k := range []Kind{Upload, Fetched, Unpacked} {
		m.files.WithLabelValues(string(k), "yes").Set(0)
		m.bytes.WithLabelValues(string(k), "yes").Set(0)
	}
}

// show counts what was removed, and sets what is there now.
func (m *Metrics) show(all, removed []File) {
	if m == nil {
		return
	}
	gone := make(map[string]bool, len(removed))
	for _, f := range removed {
		gone[f.Path] = true
		m.cleared.WithLabelValues(string(f.Kind)).Inc()
		m.clearedBytes.WithLabelValues(string(f.Kind)).Add(float64(f.Size))
	}
	m.none()
	for _, f := range all {
		if gone[f.Path] {
			continue
		}
		used := "yes"
		if !f.Unused.IsZero() {
			used = "no"
		}
		m.files.WithLabelValues(string(f.Kind), used).Inc()
		m.bytes.WithLabelValues(string(f.Kind), used).Add(float64(f.Size))
	}
}
