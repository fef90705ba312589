package server

import (
	"cmp"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"mozpool/actors"
	"mozpool/netboot"
	"mozpool/persistence"
)

// metrics are those of each part of the server.
type metrics struct {
	stores *persistence.Metrics
	boards *actors.Metrics
	racks  *netboot.Metrics
}

// newMetrics registers the metrics of all parts, of the process, and what was built.
func newMetrics(r prometheus.Registerer, o Options) metrics {
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mozpool_server_build_info",
		Help: "1, with what this binary was built of."}, []string{"version", "commit", "go"})
	build.WithLabelValues(cmp.Or(o.Version, "unknown"), cmp.Or(o.Commit, "unknown"), runtime.Version()).Set(1)
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return metrics{stores: persistence.NewMetrics(r), boards: actors.NewMetrics(r), racks: netboot.NewMetrics(r)}
}

// Registry has all metrics of the server.
func (s *Server) Registry() *prometheus.Registry { return s.registry }
