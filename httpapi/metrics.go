package httpapi

import (
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// metricsPage shows the metrics. The whole page is made before the first byte is sent: half a scrape would look like a
// server that lost half its boards.
func (s *Server) metricsPage() handler {
	page := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(s.cfg.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	return func(r *request) error {
		page(r.raw)
		return nil
	}
}
