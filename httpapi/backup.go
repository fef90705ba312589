package httpapi

import (
	"bufio"
	"fmt"

	v1 "mozpool/httpapi/v1"
)

// backup streams a backup. An error after the first byte can only break the stream off: a backup says by its own end
// that it is whole.
func (s *Server) backup(r *request) error {
	if err := r.noBody(); err != nil {
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
	write := s.cfg.Backup
	r.raw.SetContentType("application/octet-stream")
	r.raw.SetBodyStreamWriter(func(w *bufio.Writer) { // its own goroutine; ends with the backup or the client
		defer func() { <-s.slots }()
		if err := write(w); err != nil {
			s.log.Warn("a backup broke off", "error", err)
		}
	})
	return nil
}
