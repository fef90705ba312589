package house

import "github.com/prometheus/client_golang/prometheus"

// Collector shows the boards and relay boards of the racks that run here, as a fleet's own does.
func (h *House) Collector() prometheus.Collector { return collector{h} }

type collector struct{ h *House }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) { c.h.all.Load().Collector().Describe(ch) }

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, t := range *c.h.here.Load() {
		t.fleet.Collector().Collect(ch)
	}
}
