package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

// eventRoutes are the routes of this file.
func (s *Server) eventRoutes() []route {
	return []route{
		{"GET", v1.Prefix + "/events", []string{"board", "rack", "state", "kept"}, s.events},
		{"GET", v1.Prefix + "/webhooks", nil, s.webhooks},
	}
}

// webhooks shows who is told of events, and how that goes.
func (s *Server) webhooks(r *request) error {
	all := v1.Webhooks{Webhooks: []v1.Webhook{}}
	if s.cfg.Webhooks != nil {
		all.Webhooks = append(all.Webhooks, s.cfg.Webhooks()...)
	}
	return s.ok(r, all)
}

// events streams transitions of boards as server-sent events: first what came after Last-Event-ID, then what comes. An
// id of another life of the server, or one that is too old, is answered by an event "reset": look at the boards again.
// With kept=1 it answers with what is still there, as JSON, and ends.
func (s *Server) events(r *request) error {
	f, err := readEventFilter(r.query)
	if err != nil {
		return err
	}
	kept, err := r.query.flag("kept")
	if err != nil {
		return err
	}
	if kept {
		return s.keptEvents(r, f)
	}
	r.raw.SetContentType("text/event-stream")
	if r.raw.IsHead() {
		return nil
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d streams are open already", cap(s.slots)), "end one, or ask with kept=1"}
	}
	ctx, leave := s.attend(r)
	st := &eventStream{ctx: ctx, filter: f, beat: s.cfg.Heartbeat, from: s.cfg.Events.Now()}
	if last := r.header("Last-Event-ID"); last != "" {
		var known bool
		if st.from, known = s.cfg.Events.After(last); !known {
			st.from, st.reset = s.cfg.Events.Now(), true
		}
	}
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with run
		defer func() { leave(); <-s.slots }()
		st.run(w)
	})
	return nil
}

func (s *Server) keptEvents(r *request, f events.Filter) error {
	all := v1.BoardEvents{Events: []v1.BoardEvent{}}
	for from := s.cfg.Events.Kept(); ; {
		e, _, ok := from.Next()
		if !ok {
			return s.ok(r, all)
		}
		if f.Fits(e) {
			all.Events = append(all.Events, e)
		}
	}
}

func readEventFilter(q query) (events.Filter, error) {
	f := events.Filter{Board: q.text("board"), Rack: q.text("rack")}
	if _, err := path.Match(f.Board, ""); err != nil {
		return f, bad("write * and ? for what may differ", "%q is no pattern", f.Board)
	}
	if text := q.text("state"); text != "" {
		f.States = strings.Split(text, ",")
	}
	for _, st := range f.States {
		if st != "failed" && !board.State(st).Valid() {
			return f, bad("use names of states, separated by commas, or failed for all of failed_…", "%q is no state", st)
		}
	}
	return f, nil
}

// eventStream is one reader. It knows nothing of the request that began it.
type eventStream struct {
	ctx    context.Context
	from   *events.Reader
	filter events.Filter
	reset  bool
	beat   time.Duration
}

// run writes events until the reader leaves or the server stops. A reader that takes nothing is cut off by the
// deadline of its writes; until then only its own place in the ring falls behind.
func (st *eventStream) run(w *bufio.Writer) {
	_, _ = w.WriteString("retry: 2000\n\n") // Flush tells
	if st.reset {
		writeReset(w, 0)
	}
	beat := time.NewTicker(st.beat)
	defer beat.Stop()
	for st.drain(w) && w.Flush() == nil {
		select {
		case <-st.from.News():
		case <-beat.C:
			_, _ = w.WriteString(":\n\n") // a sign of life; Flush tells
		case <-st.ctx.Done():
			return
		}
	}
}

// drain writes what is there, and says whether to go on.
func (st *eventStream) drain(w *bufio.Writer) bool {
	for st.ctx.Err() == nil {
		e, lost, ok := st.from.Next()
		if lost > 0 {
			writeReset(w, lost)
		}
		if !ok {
			return true
		}
		if !st.filter.Fits(e) {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			continue // texts and numbers always encode
		}
		if _, err := fmt.Fprintf(w, "id: %s\nevent: transition\ndata: %s\n\n", e.ID, data); err != nil {
			return false
		}
	}
	return false
}

// writeReset tells a reader that it has missed something.
func writeReset(w *bufio.Writer, lost uint64) {
	_, _ = fmt.Fprintf(w, "event: reset\ndata: {\"lost\":%d}\n\n", lost) // Flush tells
}
