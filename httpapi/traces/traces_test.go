package traces

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// failing is an attempt whose second boot is silent: four stays, one of which failed by itself and one at the end.
func failing() []actors.Moment {
	return []actors.Moment{
		{At: at(0), What: actors.MomentInput, Visit: 6, Kind: board.Wish},
		{At: at(0), What: actors.MomentMove, Visit: 7, From: board.Ready, To: board.Waiting, Waits: board.ForPowerBudget, Kind: board.Wish},
		{At: at(5), What: actors.MomentMove, Visit: 8, Boot: 1, From: board.Waiting, To: board.Powering},
		{At: at(6), What: actors.MomentEffect, Visit: 8, Boot: 1, Effect: board.MakeOn},
		{At: at(7), What: actors.MomentInput, Visit: 8, Boot: 1, Kind: board.PowerIsOn, Took: 900},
		{At: at(7), What: actors.MomentMove, Visit: 9, Boot: 1, From: board.Powering, To: board.Booting, Kind: board.PowerIsOn},
		{At: at(60), What: actors.MomentMove, Visit: 10, Boot: 2, From: board.Booting, To: board.Cutting, Part: board.PartBoard, Text: "silent"},
		{At: at(61), What: actors.MomentMove, Visit: 11, Boot: 2, From: board.Cutting, To: board.FailedPower, Part: board.PartRelay, Text: "no answer"},
	}
}

func ended(number uint32) v1.BoardEvent {
	return v1.BoardEvent{Board: "b1", Rack: "r1", Attempt: number, Event: v1.Event{At: at(61), From: board.Cutting, To: board.FailedPower,
		By: board.PowerFailed, Visit: 11, Boot: 2, Part: board.PartRelay, Text: "no answer"}}
}

// world is a sender that runs, and a collector that answers as it is told to.
type world struct {
	*Sender
	hub *events.Hub

	mu   sync.Mutex
	got  []*otlp.ResourceSpans
	came chan struct{} // one for each request
}

// start runs a sender until the test ends. answer is asked for each request, before it is answered.
func start(t *testing.T, cfg Config, answer func() int) *world {
	t.Helper()
	w := &world{hub: events.New(), came: make(chan struct{}, 1000)}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var req collector.ExportTraceServiceRequest
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = proto.Unmarshal(data, &req)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		w.mu.Lock()
		w.got = append(w.got, req.ResourceSpans...)
		w.mu.Unlock()
		w.came <- struct{}{}
		rw.WriteHeader(answer())
	}))
	t.Cleanup(s.Close)
	cfg.Events, cfg.Server, cfg.Version = w.hub, "img1", "1.2"
	if cfg.Endpoint == "" {
		cfg.Endpoint = s.URL
	}
	if cfg.Moments == nil {
		cfg.Moments = func(context.Context, string, uint32) ([]actors.Moment, error) { return failing(), nil }
	}
	w.Sender = New(cfg)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func taken() int { return http.StatusOK }

// wait returns at the next request.
func (w *world) wait(t *testing.T) {
	t.Helper()
	select {
	case <-w.came:
	case <-time.After(time.Minute):
		t.Fatal("nothing is sent")
	}
}

// counted waits until so many attempts were dropped for a reason, or sent where it is empty.
func (w *world) counted(t *testing.T, why dropped, want float64) {
	t.Helper()
	get := func() float64 {
		if why == "" {
			return testutil.ToFloat64(w.counts.sent)
		}
		return testutil.ToFloat64(w.counts.lost.WithLabelValues(string(why)))
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); get() != want; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%v counted as %q, want %v", get(), why, want)
		}
	}
}

// TestTrace: one trace an attempt, a span a stage in its order, with its times, what failed, and what happened in it.
func TestTrace(t *testing.T) {
	t.Parallel()
	w := start(t, Config{}, taken)
	w.hub.Publish(v1.BoardEvent{Board: "b1", Attempt: 3, Event: v1.Event{From: board.Ready, To: board.Waiting}}) // it goes on
	w.hub.Publish(v1.BoardEvent{Board: "b1", Event: v1.Event{From: board.Ready, To: board.LockedOut}})           // of no attempt
	w.hub.Publish(ended(3))
	w.counted(t, "", 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.got) != 1 || len(w.got[0].ScopeSpans) != 1 {
		t.Fatalf("%d resources", len(w.got))
	}
	spans := w.got[0].ScopeSpans[0].Spans
	root := spans[len(spans)-1]
	if root.Name != "attempt" || text(root, "mozpool.board") != "b1" || text(root, "mozpool.result") != "failed_power" || text(root, "mozpool.part") != "relay" || root.Status.Message != "no answer" {
		t.Errorf("root %v", root)
	}
	var got []string
	for _, s := range spans {
		if !slices.Equal(s.TraceId, root.TraceId) || s != root && !slices.Equal(s.ParentSpanId, root.SpanId) {
			t.Errorf("%s is not of the attempt's trace", s.Name)
		}
		seconds := func(nanos uint64) int64 { return int64(nanos)/int64(time.Second) - noon.Unix() }
		got = append(got, fmt.Sprintf("%s %d-%d %s %d %q", s.Name, seconds(s.StartTimeUnixNano), seconds(s.EndTimeUnixNano), text(s, "mozpool.waiting_for"), len(s.Events), s.Status.GetMessage()))
	}
	want := []string{`waiting 0-5 power_budget 0 ""`, `powering 5-7  2 ""`, `booting 7-60  0 "silent"`, `cutting 60-61  0 "no answer"`, `attempt 0-61  0 "no answer"`}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func text(s *otlp.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// TestSlowCollector: while it does not answer, events go on, the queue is bounded, and what does not fit is counted;
// afterwards what waited is sent.
func TestSlowCollector(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	w := start(t, Config{Queue: 2, Limit: time.Minute}, func() int { <-answer; return http.StatusOK })
	w.hub.Publish(ended(1))
	w.wait(t)
	for n := range uint32(10) { // Publish never waits; one who reads late would
		w.hub.Publish(ended(n + 2))
	}
	w.counted(t, dropFull, 8)
	close(answer)
	w.counted(t, "", 3)
}

// TestCollectorThatFails: what it refuses is counted, and does not keep the next from being sent; so is an attempt without details.
func TestCollectorThatFails(t *testing.T) {
	t.Parallel()
	status := make(chan int, 2)
	status <- http.StatusBadRequest
	status <- http.StatusOK
	moments := func(_ context.Context, _ string, attempt uint32) ([]actors.Moment, error) {
		if attempt == 2 {
			return nil, errors.New("the disk is gone")
		}
		return failing(), nil
	}
	w := start(t, Config{Moments: moments}, func() int { return <-status })
	for n := range uint32(3) {
		w.hub.Publish(ended(n + 1))
	}
	w.counted(t, dropRefused, 1)
	w.counted(t, dropNothing, 1)
	w.counted(t, "", 1)
}

// TestCollectorThatIsAway: an attempt is given up when its time is over.
func TestCollectorThatIsAway(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	w := start(t, Config{Endpoint: away.URL + "/v1/traces", Limit: 50 * time.Millisecond}, taken)
	w.hub.Publish(ended(1))
	w.hub.Publish(ended(2))
	w.counted(t, dropRefused, 2)
}

// TestStopsWhileACollectorHangs: the end of a server does not wait for a collector.
func TestStopsWhileACollectorHangs(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	w := start(t, Config{Limit: time.Hour}, func() int { <-answer; return http.StatusOK })
	t.Cleanup(func() { close(answer) })
	s := New(w.cfg)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.queue <- ended(1)
	w.wait(t)
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it still waits")
	}
}
