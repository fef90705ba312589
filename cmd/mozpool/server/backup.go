package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/persistence/backup"
)

// Backup writes the journal as it is now, and the audit log; the server goes on meanwhile.
func (s *Server) Backup(w io.Writer) error {
	moment, err := s.journal.Moment()
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer moment.Release()
	h := backup.Head{Server: s.cfg.Server, Version: s.opts.Version, At: s.opts.Clock().UTC()}
	audit, err := os.Open(filepath.Join(s.cfg.Data, backup.AuditName))
	if errors.Is(err, os.ErrNotExist) {
		return backup.Write(w, h, moment, &bytes.Reader{})
	}
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() { _ = audit.Close() }() // only read
	return backup.Write(w, h, moment, audit)
}
