package traces

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// gathered is where spans go when they end. It belongs to one goroutine.
type gathered struct{ spans []sdk.ReadOnlySpan }

// OnStart implements sdk.SpanProcessor.
func (*gathered) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd implements sdk.SpanProcessor.
func (g *gathered) OnEnd(s sdk.ReadOnlySpan) { g.spans = append(g.spans, s) }

// Shutdown implements sdk.SpanProcessor.
func (*gathered) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdk.SpanProcessor.
func (*gathered) ForceFlush(context.Context) error { return nil }

// spans makes the trace of an attempt that ended with an event: a span for each stay in a state, below one for all.
// Empty: no transition is known.
func (s *Sender) spans(end v1.BoardEvent, moments []actors.Moment) []sdk.ReadOnlySpan {
	stays := staysOf(end, moments)
	if len(stays) == 0 {
		return nil
	}
	var g gathered
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(&g), sdk.WithResource(s.resource()), sdk.WithSampler(sdk.AlwaysSample()))
	tracer := provider.Tracer("mozpool")
	ctx, root := tracer.Start(context.Background(), "attempt", trace.WithTimestamp(stays[0].began), trace.WithAttributes(
		attribute.String("mozpool.board", end.Board), attribute.String("mozpool.rack", end.Rack),
		attribute.Int64("mozpool.attempt", int64(end.Attempt)), attribute.String("mozpool.result", string(end.To))))
	for _, st := range stays {
		st.span(ctx, tracer)
	}
	if end.To.Failed() {
		root.SetAttributes(attribute.String("mozpool.part", string(end.Part)))
		root.SetStatus(codes.Error, end.Text)
	}
	root.End(trace.WithTimestamp(end.At))
	return g.spans
}

// stay is a visit of a state, with what happened in it and what ended it.
type stay struct {
	state    board.State
	waits    board.WaitingFor
	visit    uint64
	boot     uint32
	began    time.Time
	ended    time.Time
	by       board.Kind // what ended it
	part     board.Part // empty: it did not fail
	text     string
	happened []actors.Moment
}

// staysOf reads transitions in their order. The last one is the event's, whether its line is kept or not.
func staysOf(end v1.BoardEvent, moments []actors.Moment) (all []stay) {
	for _, m := range moments {
		if m.What == actors.MomentMove && m.Visit < end.Visit {
			closeLast(all, m.At, m.Kind, m.Part, m.Text)
			all = append(all, stay{state: m.To, waits: m.Waits, visit: m.Visit, boot: m.Boot, began: m.At})
		} else if n := len(all); n > 0 && m.What != actors.MomentMove {
			all[n-1].happened = append(all[n-1].happened, m)
		}
	}
	closeLast(all, end.At, end.By, end.Part, end.Text)
	return all
}

func closeLast(all []stay, at time.Time, by board.Kind, part board.Part, text string) {
	if n := len(all); n > 0 {
		last := &all[n-1]
		last.ended, last.by, last.part = at, by, part
		if part != "" {
			last.text = text
		}
	}
}

// span writes a stay down, below the span in ctx.
func (st stay) span(ctx context.Context, tracer trace.Tracer) {
	_, span := tracer.Start(ctx, string(st.state), trace.WithTimestamp(st.began), trace.WithAttributes(
		attribute.Int64("mozpool.visit", int64(st.visit)), attribute.Int64("mozpool.boot", int64(st.boot)), attribute.String("mozpool.ended_by", string(st.by))))
	if st.waits != "" {
		span.SetAttributes(attribute.String("mozpool.waiting_for", string(st.waits)))
	}
	for _, m := range st.happened {
		span.AddEvent(nameOf(m), trace.WithTimestamp(m.At), trace.WithAttributes(attributesOf(m)...))
	}
	if st.part != "" {
		span.SetAttributes(attribute.String("mozpool.part", string(st.part)))
		span.SetStatus(codes.Error, st.text)
	}
	span.End(trace.WithTimestamp(st.ended))
}

// nameOf is what happened, in a word: of an input its kind, of an effect what was asked.
func nameOf(m actors.Moment) string {
	switch {
	case m.Kind != "":
		return m.What + " " + string(m.Kind)
	case m.Effect != "":
		return m.What + " " + string(m.Effect)
	default:
		return m.What
	}
}

// attributesOf are the fields of a moment that are set.
func attributesOf(m actors.Moment) (set []attribute.KeyValue) {
	for key, text := range map[string]string{"verdict": string(m.Verdict), "artifact": m.Artifact, "step": m.Step, "part": string(m.Part), "text": m.Text} {
		if text != "" {
			set = append(set, attribute.String("mozpool."+key, text))
		}
	}
	for key, n := range map[string]int64{"took_ms": m.Took, "done": m.Done, "total": m.Total, "repeated": int64(m.Times)} {
		if n != 0 {
			set = append(set, attribute.Int64("mozpool."+key, n))
		}
	}
	return set
}
