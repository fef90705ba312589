package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"

	v1 "mozpool/httpapi/v1"
)

// Backup writes what the server must not lose, as it was when the backup was begun.
type Backup interface {
	Write(ctx context.Context, w io.Writer) error
	Close() error // lets go of it, written or not
}

// backup streams a backup. An error after the first byte can only break the stream off: a backup says by its own end
// that it is whole.
func (s *Server) backup(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	without, err := r.query.flag("without_artifacts")
	if err != nil {
		return err
	}
	if s.cfg.Backup == nil {
		return &apiError{v1.KindUnavailable, "this server keeps nothing that could be backed up", "ask another server"}
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d logs are read already", cap(s.slots)), "wait for one to end"}
	}
	b, err := s.cfg.Backup(r.ctx, !without)
	if err != nil {
		<-s.slots
		return err
	}
	r.raw.SetContentType("application/octet-stream")
	ctx := s.streams
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with the backup, the client or the server
		defer func() { <-s.slots }()
		defer func() { _ = b.Close() }() // it was only read
		if err := b.Write(ctx, w); err != nil {
			s.log.Warn("a backup broke off", "error", err)
		}
	})
	return nil
}
