package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/relayproto/relaysim"
)

// TestTracesOfAServer: a board's power is taken, and the attempt goes from its kept details to the collector that the
// configuration names.
func TestTracesOfAServer(t *testing.T) {
	t.Parallel()
	relay, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() }) // gives no error
	dir, cfg := site(t, "")
	write(t, filepath.Join(dir, "boards.yaml"), "boards:\n- {name: board1, mac: \"52:54:00:01:00:01\", rack: r1, hardware: panda, power: \""+relay.Addr()+":bank1:relay1\"}\n")
	bodies := make(chan []byte, 8)
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body) // half of it is no message
		bodies <- data
	}))
	t.Cleanup(c.Close)
	cfg.Traces.Endpoint = c.URL
	s := serveAt(t, cfg, 20)
	if _, err := s.boards.Wish(t.Context(), "board1", actors.Request{Want: board.WantPowerOff, By: "ann"}); err != nil {
		t.Fatal(err)
	}
	var spans []*otlp.Span
	select {
	case body := <-bodies:
		var got collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &got); err != nil || len(got.ResourceSpans) != 1 || len(got.ResourceSpans[0].ScopeSpans) != 1 {
			t.Fatalf("%v %v", err, &got)
		}
		spans = got.ResourceSpans[0].ScopeSpans[0].Spans
	case <-time.After(time.Minute):
		t.Fatalf("nothing was sent; the board is %+v", s.boards.ByName("board1").Board)
	}
	if n := len(spans); n < 2 || spans[n-2].Name != string(board.Cutting) || spans[n-1].Name != "attempt" || len(spans[n-2].Events) == 0 {
		t.Errorf("spans %v", spans)
	}
}

// TestNoTraces: nothing of them is there where no collector is named.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	_, cfg := site(t, "")
	if n, err := testutil.GatherAndCount(serve(t, cfg).registry, "mozpool_traces_sent_total"); err != nil || n != 0 {
		t.Errorf("%d series without a collector, %v", n, err)
	}
}
