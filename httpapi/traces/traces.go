// Package traces sends each attempt that has ended to a collector of OpenTelemetry: one trace an attempt, one span a
// stage.
//
// It decides what of an attempt's kept details becomes a span, and when an attempt is given up. It refuses to hold up
// anybody: attempts wait in a bounded queue, as numbers only; what does not fit, and what the collector does not take in
// time, is dropped and counted. It keeps nothing: details are package actors', and what has ended while the server was
// down is not sent later.
//
// "mozpool serve" runs it where mozpool.yaml names a collector. DESIGN.md tells why the official packages are used, and how.
package traces

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

// Moments gives the details of an attempt. *actors.Fleet does.
type Moments func(ctx context.Context, board string, attempt uint32) ([]actors.Moment, error)

// Config says what a Sender works with. Zero fields get the defaults.
type Config struct {
	Endpoint string                // URL of the collector, http or https; without a path /v1/traces is meant. Required
	Server   string                // this server's name
	Version  string                // of this binary
	Events   *events.Hub           // of the boards whose actors run here; required
	Moments  Moments               // required
	Metrics  prometheus.Registerer // nil: nothing is counted
	Logger   *slog.Logger          // nil: silence

	Queue int           // attempts that wait; default 4096
	Limit time.Duration // for one attempt to be taken, tries included; default 20s
}

// Sender sends to one collector. Make it with New and Run it once.
type Sender struct {
	cfg     Config
	from    *events.Reader
	queue   chan v1.BoardEvent // the last event of each attempt
	counts  counts
	trouble bool // the last attempt was not taken; said once
}

// New makes a sender of what ends from now on.
func New(cfg Config) *Sender {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 4096
	}
	if cfg.Limit <= 0 {
		cfg.Limit = 20 * time.Second
	}
	return &Sender{cfg: cfg, from: cfg.Events.Now(), queue: make(chan v1.BoardEvent, cfg.Queue), counts: newCounts(cfg.Metrics)}
}

// Run sends until ctx ends; what waits then is given up.
func (s *Sender) Run(ctx context.Context) error {
	e, err := s.exporter(ctx)
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { s.read(ctx) })
	both.Go(func() { s.send(ctx, e) })
	return nil
}

// read puts attempts that end into the queue, and never waits for it.
func (s *Sender) read(ctx context.Context) {
	for {
		e, lost, err := s.from.Wait(ctx)
		if err != nil {
			return
		}
		s.counts.drop(dropUnseen, lost)
		if e.Attempt == 0 || e.From.Rest() || !e.To.Rest() {
			continue
		}
		select {
		case s.queue <- e:
		default:
			s.counts.drop(dropFull, 1)
		}
	}
}

// send empties the queue, one attempt at a time.
func (s *Sender) send(ctx context.Context, to sdk.SpanExporter) {
	defer func() { _ = to.Shutdown(context.WithoutCancel(ctx)) }() // it holds nothing back
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-s.queue:
			s.sendOne(ctx, to, e)
		}
	}
}

func (s *Sender) sendOne(ctx context.Context, to sdk.SpanExporter, e v1.BoardEvent) {
	moments, err := s.cfg.Moments(ctx, e.Board, e.Attempt)
	spans := s.spans(e, moments)
	if err != nil || len(spans) == 0 {
		s.counts.drop(dropNothing, 1)
		s.cfg.Logger.Debug("traces: an attempt has no details", "board", e.Board, "attempt", e.Attempt, "error", err)
		return
	}
	limited, cancel := context.WithTimeout(ctx, s.cfg.Limit)
	defer cancel()
	err = to.ExportSpans(limited, spans)
	if err == nil {
		s.counts.sent.Inc()
	} else {
		s.counts.drop(dropRefused, 1)
	}
	if troubled := err != nil; troubled != s.trouble && ctx.Err() == nil {
		s.trouble = troubled
		s.cfg.Logger.Warn("traces: whether the collector takes attempts has changed", "takes", !troubled, "error", err)
	}
}

// exporter speaks OTLP over HTTP. Nothing is sent yet, so that a server that stops at once does not fail here.
func (s *Sender) exporter(ctx context.Context) (sdk.SpanExporter, error) {
	u, err := url.Parse(s.cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("traces: read the collector's address: %w", err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	e, err := otlptracehttp.New(context.WithoutCancel(ctx), otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithTimeout(s.cfg.Limit),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: s.cfg.Limit}))
	if err != nil {
		return nil, fmt.Errorf("traces: prepare to send to %s: %w", u.Redacted(), err)
	}
	return e, nil
}

// resource is what the spans are of.
func (s *Sender) resource() *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", "mozpool"), attribute.String("service.instance.id", s.cfg.Server),
		attribute.String("service.version", s.cfg.Version))
}
