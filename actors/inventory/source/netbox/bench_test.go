package netbox

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"mozpool/actors/inventory/source/netbox/netboxsim"
	"mozpool/actors/inventory/source/web"
)

// BenchmarkFetch is what a board costs this side of the wire: the answers are ready, and kept.
func BenchmarkFetch(b *testing.B) {
	const fleet = 1000
	box := netboxsim.New(netboxsim.Options{})
	box.Set(boards(fleet)...)
	kept := make(map[string][]byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.String()
		if kept[key] == nil {
			rec := httptest.NewRecorder()
			box.ServeHTTP(rec, r)
			kept[key] = rec.Body.Bytes()
		}
		_, _ = w.Write(kept[key])
	}))
	defer server.Close()
	s, err := New(Config{Title: "lab", URL: server.URL, Filter: "role=board", Web: web.Options{Client: server.Client()}})
	if err != nil {
		b.Fatal(err)
	}
	fetch := func() {
		if records, err := s.Fetch(b.Context()); err != nil || len(records) != fleet {
			b.Fatal(len(records), err)
		}
	}
	fetch()
	b.ReportAllocs()
	for b.Loop() {
		fetch()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*fleet), "µs/board")
}
