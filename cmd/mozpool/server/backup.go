package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/actors"
	"mozpool/persistence"
	"mozpool/persistence/backup"
)

// Backup writes the journal as it is now, and the audit log; the server goes on meanwhile. That of a cluster is refused:
// it has every server's leases and votes in it, which a server that is restored must not have.
func (s *Server) Backup(w io.Writer) error {
	local, ok := s.journal.(*persistence.Local)
	if !ok {
		return &actors.Problem{Kind: actors.Refused, Text: "this server is of a cluster, whose journal is on every server",
			Remedy: "replace a server that is lost by a new one that joins; if most are lost: mozpool cluster recover"}
	}
	moment, err := local.Moment()
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
