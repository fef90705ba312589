package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/persistence"
)

// AuditName is the audit log's file in a data folder.
const AuditName = "audit.log"

// Restore makes data, a data folder without a journal, of a backup. The file is read twice: nothing is written before
// it is known to be whole. No server may run on the folder.
func Restore(file io.ReadSeeker, data string, opt persistence.Options) (Summary, error) {
	s, err := Verify(file)
	if err != nil {
		return s, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return s, fmt.Errorf("read the backup again: %w", err)
	}
	if err := persistence.ClaimData(data); err != nil {
		return s, err
	}
	journal := filepath.Join(data, "journal")
	if _, err := os.Stat(journal); !errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("%s is there already: nothing was restored; name an empty folder, or move it away", journal)
	}
	audit, err := os.OpenFile(filepath.Join(data, AuditName+".restoring"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return s, fmt.Errorf("restore the audit log: %w", err)
	}
	err = persistence.FillLocal(journal, opt, func(set func(key, value []byte) error) error {
		_, err := read(file, func(of byte, name, value []byte) error {
			if of == ofJournal {
				return set(name, value)
			}
			_, err := audit.Write(value)
			return err
		})
		return err
	})
	if err := errors.Join(err, audit.Sync(), audit.Close()); err != nil {
		return s, fmt.Errorf("restore into %s: %w", data, errors.Join(err, os.Remove(audit.Name())))
	}
	return s, placeAudit(audit.Name(), filepath.Join(data, AuditName))
}

// placeAudit puts the restored audit log in place, unless one is there: what people did is never lost to a restore.
func placeAudit(from, to string) error {
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		to += ".restored"
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("restore the audit log: %w", err)
	}
	return nil
}
