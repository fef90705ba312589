package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

// followed is a new line of a log, and how many were lost before it; or, without a line, the servers whose lines are not
// among those before it.
type followed struct {
	line    persistence.Line
	lost    uint64
	missing []string
}

// follow answers with what is in the log and then with each line as it comes, one a line, until the client leaves or
// the server stops. An empty line is a sign of life; without it a client that left would be noticed only at the next
// line. As JSON each line is an object of its own.
func (s *Server) follow(r *request, f persistence.Filter, text bool) error {
	select {
	case s.slots <- struct{}{}:
	default:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d logs are followed already", cap(s.slots)), "end one, or ask without follow"}
	}
	ctx, leave := s.attend(r)
	release := func() { leave(); <-s.slots }
	// Following begins before what is there is read, so that no line falls between the two.
	lines := s.subscribe(ctx, f)
	old, missing, err := s.logLines(r, f)
	if err != nil {
		release()
		return err
	}
	show, kind := ndjson, "application/x-ndjson"
	if text {
		show, kind = plainText, "text/plain; charset=utf-8"
	}
	r.raw.SetContentType(kind)
	st := &stream{ctx: ctx, old: old, missing: missing, lines: lines, show: show, beat: s.cfg.Heartbeat}
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with run
		defer release()
		st.run(w)
	})
	return nil
}

// subscribe follows a log until ctx ends; the channel is closed when following ends by itself.
func (s *Server) subscribe(ctx context.Context, f persistence.Filter) <-chan followed {
	lines := make(chan followed, 64)
	go func() {
		defer close(lines)
		if s.cfg.Logs == nil {
			<-ctx.Done()
			return
		}
		err := s.cfg.Logs.Follow(ctx, f, func(l persistence.Line, lost uint64) bool {
			select {
			case lines <- followed{line: l, lost: lost}:
				return true
			case <-ctx.Done():
				return false
			}
		})
		if err != nil && ctx.Err() == nil {
			s.log.Warn("a followed log broke off", "board", f.Board, "error", err)
		}
	}()
	return lines
}

// stream is one followed log. It knows nothing of the request that began it.
type stream struct {
	ctx     context.Context
	old     []persistence.Line
	missing []string // servers whose old lines are not among old
	lines   <-chan followed
	show    func(l followed) []byte
	beat    time.Duration
}

func (st *stream) run(w *bufio.Writer) {
	sent := make(map[lineKey]bool, len(st.old))
	for _, l := range st.old {
		sent[keyOf(l)] = true
		if _, err := w.Write(st.show(followed{line: l})); err != nil {
			return
		}
	}
	if len(st.missing) > 0 {
		_, _ = w.Write(st.show(followed{missing: st.missing})) // Flush tells
	}
	beat := time.NewTicker(st.beat)
	defer beat.Stop()
	for w.Flush() == nil {
		select {
		case l, ok := <-st.lines:
			if !ok {
				return
			}
			if key := keyOf(l.line); sent[key] { // came while the log was read
				delete(sent, key)
				continue
			}
			_, _ = w.Write(st.show(l)) // Flush tells
		case <-beat.C:
			_ = w.WriteByte('\n') // Flush tells
		case <-st.ctx.Done():
			return
		}
	}
}

// lineKey is what two copies of a line have in common, one from memory and one from disk.
type lineKey struct {
	at           int64 // Unix milliseconds
	source, text string
}

func keyOf(l persistence.Line) lineKey { return lineKey{l.At.UnixMilli(), l.Source, l.Text} }

func ndjson(l followed) []byte {
	line := lineOf(l.line, l.lost)
	line.Missing = l.missing
	data, err := json.Marshal(line)
	if err != nil {
		return nil // a line of texts and times always encodes
	}
	return append(data, '\n')
}

func plainText(l followed) []byte {
	if len(l.missing) > 0 {
		return fmt.Appendf(nil, "(lines of %s are not among these)\n", strings.Join(l.missing, ", "))
	}
	text := textLine(l.line)
	if l.lost > 0 {
		text = fmt.Sprintf("(%d lines were lost here)\n", l.lost) + text
	}
	return []byte(text)
}
