package webhook

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

// receiver answers by a function, and hands what it took to the test.
type receiver struct {
	*httptest.Server
	answer atomic.Int64
	got    chan *http.Request
	body   chan []byte
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan *http.Request, 100), body: make(chan []byte, 100)}
	r.answer.Store(200)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			t.Errorf("read: %v", err)
		}
		w.WriteHeader(int(r.answer.Load()))
		select {
		case r.got <- req:
			r.body <- data
		default: // the test has seen enough
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) next(t *testing.T) (*http.Request, []byte) {
	t.Helper()
	select {
	case req := <-r.got:
		return req, <-r.body
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return nil, nil
	}
}

// run runs a sender until the test ends.
func run(t *testing.T, cfg Config) *Sender {
	t.Helper()
	cfg.First, cfg.Last = time.Millisecond, 2*time.Millisecond
	s := New(cfg)
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		all.Wait()
	})
	return s
}

func to(name string, st board.State) v1.BoardEvent {
	return v1.BoardEvent{Board: name, Rack: "r1", Event: v1.Event{To: st}}
}

// until waits for a hook to look as it should.
func until(t *testing.T, s *Sender, good func(v1.Webhook) bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for {
		select {
		case <-look.C:
			if good(s.Hooks()[0]) {
				return
			}
		case <-late:
			t.Fatalf("still %+v", s.Hooks()[0])
		}
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	r, hub := receive(t), events.New()
	at := time.Unix(1795423200, 0)
	s := run(t, Config{Events: hub, Clock: func() time.Time { return at }, Hooks: []Hook{{URL: r.URL + "/in?key=private", Secret: []byte("k"), Filter: events.Filter{States: []string{"failed"}}}}})
	hub.Publish(to("b1", board.Ready))
	hub.Publish(to("b2", board.FailedBoot))
	req, body := r.next(t)
	var e v1.BoardEvent
	if err := json.Unmarshal(body, &e); err != nil || e.Board != "b2" || req.Header.Get(v1.WebhookID) != e.ID || req.URL.RawQuery != "key=private" {
		t.Errorf("%s %v: %v", body, req.Header, err)
	}
	if stamp := req.Header.Get(v1.WebhookTime); stamp != "1795423200" || req.Header.Get(v1.WebhookSignature) != Sign([]byte("k"), stamp, body) {
		t.Errorf("%v", req.Header)
	}
	until(t, s, func(h v1.Webhook) bool { return h.Delivered == 1 && h.State == v1.WebhookGood })
	if url := s.Hooks()[0].URL; strings.Contains(url, "private") || !strings.HasSuffix(url, "/in") {
		t.Errorf("shown as %s", url)
	}
}

// An event that is not taken comes again, before any later one.
func TestRetries(t *testing.T) {
	t.Parallel()
	r, hub := receive(t), events.New()
	r.answer.Store(500)
	s := run(t, Config{Events: hub, Hooks: []Hook{{URL: r.URL}}})
	hub.Publish(to("b1", board.Ready))
	hub.Publish(to("b2", board.Ready))
	first, _ := r.next(t)
	for range 3 {
		if again, _ := r.next(t); again.Header.Get(v1.WebhookID) != first.Header.Get(v1.WebhookID) {
			t.Fatal("a later event came first")
		}
	}
	until(t, s, func(h v1.Webhook) bool { return h.State == v1.WebhookFailing && strings.Contains(h.Error, "500") })
	r.answer.Store(204)
	until(t, s, func(h v1.Webhook) bool { return h.Delivered == 2 && h.Failures == 0 && h.Error == "" })
}

func TestDeadHooksAreDisabled(t *testing.T) {
	t.Parallel()
	for _, answer := range []int64{410, 302} {
		r, hub := receive(t), events.New()
		r.answer.Store(answer)
		var now atomic.Int64
		s := run(t, Config{Events: hub, GiveUp: time.Hour, Hooks: []Hook{{URL: r.URL}},
			Clock: func() time.Time { return time.Unix(now.Add(60), 0) }})
		hub.Publish(to("b1", board.Ready))
		until(t, s, func(h v1.Webhook) bool { return h.State == v1.WebhookDisabled })
		r.answer.Store(200)
		s.Revive()
		until(t, s, func(h v1.Webhook) bool { return h.State == v1.WebhookGood })
		hub.Publish(to("b2", board.Ready))
		until(t, s, func(h v1.Webhook) bool { return h.Delivered == 1 })
	}
}

func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	hub := events.New()
	s := run(t, Config{Events: hub, Hooks: []Hook{{URL: "http://127.0.0.1:1/?key=private"}}})
	hub.Publish(to("b1", board.Ready))
	until(t, s, func(h v1.Webhook) bool { return h.State == v1.WebhookFailing })
	if h := s.Hooks()[0]; strings.Contains(h.Error, "private") || h.Error == "" {
		t.Errorf("%+v", h)
	}
}

// The signature is what anybody computes: printf '1795423200.{"id":"x-1"}' | openssl dgst -sha256 -hmac k.
func TestSignature(t *testing.T) {
	t.Parallel()
	const want = "sha256=8b2e2b3c9528e49d251e697f8c3be399b8cebc9f9166435ec42221031501475f"
	if got := Sign([]byte("k"), "1795423200", []byte(`{"id":"x-1"}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
