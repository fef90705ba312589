package httpapi

import (
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/httpapi/apitest"
)

// A journal that stores nothing, or a server that stops, is 503 where something is to be stored; reads go on.
func TestReadsGoOnWithoutAJournal(t *testing.T) {
	t.Parallel()
	f := fleet()
	no := &actors.Problem{Kind: actors.Unavailable, Text: "nothing can be stored", Remedy: "make room"}
	f.OnWish = func(string, actors.Request) (actors.Answer, error) { return actors.Answer{}, no }
	s := start(t, Config{Fleet: f, Dumps: apitest.Dumps{}, Catalogue: func() Catalogue { return apitest.Catalogue{} }, NotReady: func() []string { return []string{"the disk is full"} }})
	for _, rt := range s.routes() {
		if rt.method != "GET" || strings.HasPrefix(rt.path, artifactsPath+"/") {
			continue
		}
		want := 200
		if rt.path == "/readyz" {
			want = 503
		}
		if res, body := call(t, s, "GET", at(rt.path, "b1"), ""); res.StatusCode != want {
			t.Errorf("%s: %d %.200s", rt.path, res.StatusCode, body)
		}
	}
}
