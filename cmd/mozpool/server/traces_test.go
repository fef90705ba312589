package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence/trail"
)

// TestTracesOfAServer: an attempt that ends goes from its kept details to the collector of the configuration, and is
// counted; without a collector nothing of it is there.
func TestTracesOfAServer(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 8)
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		bodies <- data
	}))
	t.Cleanup(c.Close)
	_, cfg := site(t, "")
	cfg.Traces.Endpoint = c.URL
	s := serve(t, cfg)
	v := s.boards.ByName("board1")
	s.trails.Append(trail.Line{Board: v.Spec.ID, Attempt: 3, Data: []byte(`{"at":"2026-11-23T12:00:00Z","what":"move","visit":7,"to":"cutting"}`)})
	s.owned.Publish(v1.BoardEvent{Board: "board1", Rack: "r1", Attempt: 3, Event: v1.Event{At: time.Date(2026, 11, 23, 12, 1, 0, 0, time.UTC),
		From: board.Cutting, To: board.FailedPower, Visit: 8, Part: board.PartRelay}})
	select {
	case body := <-bodies:
		if len(body) == 0 {
			t.Error("an empty request")
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing was sent")
	}
	if n, err := testutil.GatherAndCount(s.registry, "mozpool_traces_sent_total", "mozpool_traces_dropped_total"); err != nil || n != 5 {
		t.Errorf("%d series, %v", n, err)
	}
	_, cfg = site(t, "")
	if n, err := testutil.GatherAndCount(serve(t, cfg).registry, "mozpool_traces_sent_total"); err != nil || n != 0 {
		t.Errorf("%d series without a collector, %v", n, err)
	}
}
