package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/persistence"
)

// AuditName is the audit log's file in a data folder.
const AuditName = "audit.log"

// Options are what a restore needs beside the file.
type Options struct {
	Journal persistence.Options
	// Keep puts an artifact into the data folder. It is whole if body says io.EOF; any other error of body, which Keep
	// passes on, says not to keep it. One that is there already need not be read.
	Keep func(a Artifact, body io.Reader) error
}

// Restore makes data, a data folder without a journal, of a backup. The file is read twice: nothing is written before
// it is known to be whole. The journal gets its name last, so that a restore that was killed can be made again. No
// server may run on the folder.
func Restore(file io.ReadSeeker, data string, opt Options) (Summary, error) {
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
	err = persistence.FillLocal(journal, opt.Journal, func(set func(key, value []byte) error) error {
		return fill(file, filepath.Join(data, AuditName), set, opt.Keep)
	})
	if err != nil {
		return s, fmt.Errorf("restore into %s: %w", data, err)
	}
	return s, nil
}

// fill puts everything in place but the journal, which set collects.
func fill(file io.Reader, audit string, set func(key, value []byte) error, keep func(Artifact, io.Reader) error) error {
	log, err := os.OpenFile(audit+".restoring", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("restore the audit log: %w", err)
	}
	_, err = read(file, sink{upload: keep, pair: func(of byte, name, value []byte) error {
		if of == ofJournal {
			return set(name, value)
		}
		_, err := log.Write(value)
		return err
	}})
	if err := errors.Join(err, log.Sync(), log.Close()); err != nil {
		return errors.Join(err, os.Remove(log.Name()))
	}
	return placeAudit(log.Name(), audit)
}

// placeAudit puts the restored audit log in place, beside another that is there: what people did is never lost to a
// restore. The same again is of an earlier try.
func placeAudit(from, to string) error {
	there, err := os.ReadFile(to)
	if err == nil {
		restored, err := os.ReadFile(from)
		if err == nil && bytes.Equal(there, restored) {
			return os.Remove(from)
		}
		to += ".restored"
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("restore the audit log: %w", err)
	}
	return nil
}
