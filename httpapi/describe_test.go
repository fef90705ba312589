package httpapi

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/httpapi/apitest"
	"mozpool/httpapi/openapi/describe"
)

// judge holds every request and answer of this package's tests against the description of the API, in the form that
// allows no key that it does not have.
var judge = sync.OnceValue(func() *apitest.Judge {
	comments, err := describe.Comments("v1", "../actors/board")
	if err != nil {
		panic(err) // the source is beside the tests
	}
	doc, err := describe.Document(comments, true)
	if err != nil {
		panic(err) // package describe's own tests say more
	}
	j, err := apitest.NewJudge(doc)
	if err != nil {
		panic(err) // likewise
	}
	return j
})

// The description has every route, and no other.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	described := map[string]describe.Operation{}
	for _, o := range describe.Operations {
		described[o.Method+" "+o.Path] = o
	}
	s := New(Config{Fleet: fleet(), Metrics: prometheus.NewRegistry()})
	for _, rt := range s.routes() {
		o, ok := described[rt.method+" "+rt.path]
		if !ok {
			t.Errorf("%s %s is not described: add it to Operations in httpapi/openapi/describe", rt.method, rt.path)
		}
		if len(o.Query) != len(rt.query) {
			t.Errorf("%s %s: the description has the parameters %v, the route %v", rt.method, rt.path, o.Query, rt.query)
		}
		delete(described, rt.method+" "+rt.path)
	}
	for line := range described {
		t.Errorf("%s is described, and not there", line)
	}
}
