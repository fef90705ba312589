package httpapi

import (
	"bufio"
	"context"
	"fmt"

	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

// export answers with every line that fits, one a line as when following, however many there are: they go from the disk
// to the client without being gathered. It takes one of the places of those who follow.
func (s *Server) export(r *request, f persistence.Filter, text bool) error {
	if s.cfg.Logs == nil {
		return nil
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d logs are read already", cap(s.slots)), "wait for one to end"}
	}
	show, kind := ndjson, "application/x-ndjson"
	if text {
		show, kind = plainText, "text/plain; charset=utf-8"
	}
	r.raw.SetContentType(kind)
	logs, ctx := s.cfg.Logs, s.streams
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with the log or the client
		defer func() { <-s.slots }()
		s.exportTo(ctx, w, logs, f, show)
	})
	return nil
}

// exportTo ends with the other servers of a cluster: what they keep of the board is had from them.
func (s *Server) exportTo(ctx context.Context, w *bufio.Writer, logs Logs, f persistence.Filter, show func(followed) []byte) {
	err := logs.Export(ctx, f, func(l persistence.Line) bool {
		_, err := w.Write(show(followed{line: l}))
		return err == nil
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the export of a log broke off", "board", f.Board, "error", err)
	}
	if spread, ok := logs.(SpreadLogs); ok && err == nil && len(spread.Elsewhere()) > 0 {
		_, _ = w.Write(show(followed{missing: spread.Elsewhere()})) // a client that left needs none of it
	}
}
