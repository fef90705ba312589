// Package webhook tells other programs what happens to boards, by a signed POST for each transition.
//
// It decides when a delivery is tried again, and when a hook counts as dead: after a day without one success it is
// disabled, and shown as such until a reload. It refuses to hold up anybody: each hook reads the ring of package events
// at its own pace, and one that is slower than the ring is long loses events, which are counted. Deliveries come in
// order, one at a time, at least once; the event's id tells one that comes twice.
//
// "mozpool serve" runs it with the hooks of mozpool.yaml.
package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

// Hook is one receiver.
type Hook struct {
	URL    string
	Secret []byte // of the signature
	Filter events.Filter
}

// Config says what a Sender works with. Zero fields get the defaults.
type Config struct {
	Hooks  []Hook
	Events *events.Hub // required
	Logger *slog.Logger
	Clock  func() time.Time // nil: time.Now

	Limit  time.Duration // for a delivery and its answer; default 10s
	First  time.Duration // before the second try; each further one takes twice as long; default 1s
	Last   time.Duration // between two tries at most; default 5m
	GiveUp time.Duration // without a success, from the first failure; default 24h
}

// Sender sends to all hooks. Make it with New and Run it once.
type Sender struct {
	cfg   Config
	http  *http.Client
	hooks []*hook
}

// hook is a receiver and what is known of it.
type hook struct {
	Hook
	from *events.Reader
	wake chan struct{} // told when a disabled one is to be tried again

	mu    sync.Mutex
	shown v1.Webhook
	since time.Time // of the first failure after the last success; zero: none
}

// New makes a sender of what comes from now on.
func New(cfg Config) *Sender {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	for d, v := range map[*time.Duration]time.Duration{&cfg.Limit: 10 * time.Second, &cfg.First: time.Second, &cfg.Last: 5 * time.Minute, &cfg.GiveUp: 24 * time.Hour} {
		if *d <= 0 {
			*d = v
		}
	}
	s := &Sender{cfg: cfg, http: &http.Client{Timeout: cfg.Limit, Transport: http.DefaultTransport.(*http.Transport).Clone(),
		// A redirect would turn the POST into a GET, and take the event where nobody has said it may go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, h := range cfg.Hooks {
		s.hooks = append(s.hooks, &hook{Hook: h, from: cfg.Events.Now(), wake: make(chan struct{}, 1), shown: v1.Webhook{URL: harmless(h.URL), State: v1.WebhookGood}})
	}
	return s
}

// harmless is an address without what may be secret in it.
func harmless(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not an address)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	defer s.http.CloseIdleConnections()
	var all sync.WaitGroup
	for _, h := range s.hooks {
		all.Go(func() { s.run(ctx, h) })
	}
	all.Wait()
	return nil
}

// Hooks are the receivers as people see them.
func (s *Sender) Hooks() []v1.Webhook {
	all := make([]v1.Webhook, len(s.hooks))
	for i, h := range s.hooks {
		h.mu.Lock()
		all[i] = h.shown
		h.mu.Unlock()
	}
	return all
}

// Revive tries disabled hooks again, with what comes from now on.
func (s *Sender) Revive() {
	for _, h := range s.hooks {
		select {
		case h.wake <- struct{}{}:
		default: // told already
		}
	}
}
