package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ClockMetrics shows how the other servers' clocks go.
type ClockMetrics struct {
	of func() map[string]time.Duration
}

var clockDesc = prometheus.NewDesc("mozpool_cluster_clock_ahead_seconds",
	"By how much another server's clock is ahead of this one's.", []string{"server"}, nil)

// Describe implements prometheus.Collector.
func (ClockMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- clockDesc }

// Collect implements prometheus.Collector.
func (c ClockMetrics) Collect(ch chan<- prometheus.Metric) {
	for server, ahead := range c.of() {
		ch <- prometheus.MustNewConstMetric(clockDesc, prometheus.GaugeValue, ahead.Seconds(), server)
	}
}
