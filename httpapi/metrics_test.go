package httpapi

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	v1 "mozpool/httpapi/v1"
)

// TestMetricsPage: the page is there for GET and HEAD, and only where there are metrics.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	answer := prometheus.NewGauge(prometheus.GaugeOpts{Name: "mozpool_test_answer", Help: "For this test."})
	reg.MustRegister(answer)
	answer.Set(42)
	s := start(t, Config{Metrics: reg})
	res, body := call(t, s, "GET", "/metrics", "")
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") || !strings.Contains(string(body), "mozpool_test_answer 42\n") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	sweepHead(t, s, "/metrics")
	res, body = call(t, s, "GET", "/metrics?tpyo=1", "")
	wantProblem(t, res, body, 400, v1.KindBadRequest)
	res, body = call(t, s, "POST", "/metrics", "")
	wantProblem(t, res, body, 405, v1.KindMethod)
	res, body = call(t, start(t, Config{}), "GET", "/metrics", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
}
