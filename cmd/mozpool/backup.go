package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mozpool/cmd/mozpool/cli"
	"mozpool/cmd/mozpool/server"
	"mozpool/persistence/backup"
)

// serverFiles is the part of "mozpool server" that works on files.
type serverFiles struct {
	Backup  backupCommand  `cmd:"" help:"Back up a running server into a file, which is checked."`
	Verify  verifyCommand  `cmd:"" help:"Say whether a backup is whole, and what is in it."`
	Restore restoreCommand `cmd:"" help:"Make a data folder of a backup, for a server that is not running."`
}

// backupCommand is "mozpool server backup".
type backupCommand struct {
	File             string `arg:"" help:"File to write; it must not be there yet."`
	WithoutArtifacts bool   `help:"Only name the artifacts that were uploaded; they have to be uploaded again after a restore."`
}

// Run asks the server, checks what came, and only then gives it its name.
func (b *backupCommand) Run(c *cli.Context) error {
	if _, err := os.Stat(b.File); !errors.Is(err, os.ErrNotExist) {
		return usageError{fmt.Errorf("%s is there already; name another file", b.File)}
	}
	file, err := os.CreateTemp(filepath.Dir(b.File), filepath.Base(b.File)+".part*") // 0600: whoever reads it knows everything
	if err != nil {
		return usageError{fmt.Errorf("write the backup: %w", err)}
	}
	s, err := take(c, file, !b.WithoutArtifacts)
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), b.File); err != nil {
		return fmt.Errorf("write the backup: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return tell(c.Out, s)
}

func take(c *cli.Context, file *os.File, artifacts bool) (backup.Summary, error) {
	if err := c.Client.Backup(c.Context, file, artifacts); err != nil {
		return backup.Summary{}, cli.Coded(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return backup.Summary{}, fmt.Errorf("read the backup again: %w", err)
	}
	s, err := backup.Verify(file)
	if err != nil {
		return s, fmt.Errorf("the server could not write all of it (its log says why): %w", err)
	}
	return s, file.Sync()
}

// tell says what is in a backup; an error names artifacts that are damaged in it.
func tell(w io.Writer, s backup.Summary) error {
	var size int64
	var left, damaged []string
	for _, a := range s.Artifacts {
		switch name := fmt.Sprintf("%s (%s)", a.SHA256, a.Name); a.State {
		case backup.Whole:
			size += a.Size
		case backup.LeftOut:
			left = append(left, name)
		case backup.Damaged:
			damaged = append(damaged, name)
		}
	}
	text := fmt.Sprintf("backup of %s at %s, format %d: %d keys of the journal, %d bytes of the audit log, %d artifacts with %d bytes\n",
		s.Server, s.At.Format("2006-01-02 15:04:05 MST"), s.Format, s.Keys, s.Audit, len(s.Artifacts)-len(left)-len(damaged), size)
	if len(left) > 0 {
		text += "artifacts left out, to be pushed again after a restore: " + strings.Join(left, ", ") + "\n"
	}
	if _, err := io.WriteString(w, text); err != nil || len(damaged) == 0 {
		return err
	}
	return fmt.Errorf("all is good but for artifacts that were damaged on the server's disk already, and cannot be restored: %s; push them again, and look at the disk",
		strings.Join(damaged, ", "))
}

// verifyCommand is "mozpool server verify".
type verifyCommand struct {
	File string `arg:"" help:"A backup."`
}

// Run reads all of it.
func (v *verifyCommand) Run(c *cli.Context) error {
	file, err := os.Open(v.File)
	if err != nil {
		return usageError{err}
	}
	defer func() { _ = file.Close() }() // only read
	s, err := backup.Verify(file)
	if err != nil {
		return fmt.Errorf("%s: %w", v.File, err)
	}
	return tell(c.Out, s)
}

// restoreCommand is "mozpool server restore".
type restoreCommand struct {
	File string `arg:"" help:"A backup."`
	Data string `required:"" placeholder:"DIR" help:"Data folder to make, the data of mozpool.yaml; it may have no journal yet."`
}

// Run restores, or changes nothing.
func (r *restoreCommand) Run(c *cli.Context) error {
	file, err := os.Open(r.File)
	if err != nil {
		return usageError{err}
	}
	defer func() { _ = file.Close() }() // only read
	s, err := server.Restore(file, r.Data)
	if err != nil {
		return fmt.Errorf("restore %s: %w", r.File, err)
	}
	told := tell(c.Out, s)
	_, err = fmt.Fprintf(c.Out, "%s is ready; boards go on where they were then\n", r.Data)
	return errors.Join(err, told)
}
