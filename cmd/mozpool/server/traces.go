package server

import (
	"cmp"

	"mozpool/httpapi/traces"
)

// openTraces makes what sends attempts to a collector, where one is configured. The boards must be there.
func (s *Server) openTraces() {
	if s.cfg.Traces.Endpoint == "" {
		return
	}
	s.traces = traces.New(traces.Config{Endpoint: s.cfg.Traces.Endpoint, Server: s.cfg.Server, Version: cmp.Or(s.opts.Version, "unknown"),
		Events: s.owned, Moments: s.boards.Moments, Metrics: s.registry, Logger: s.log})
}
