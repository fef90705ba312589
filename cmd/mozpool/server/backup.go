package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/cluster/member"
	"mozpool/httpapi"
	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
	"mozpool/persistence/backup"
)

// taken is a backup that was begun: everything is open that goes into it.
type taken struct {
	head    backup.Head
	content backup.Content
	held    []uploads.Held
	audit   []*os.File
}

// Backup takes the journal as it is now, the audit log, and the artifacts, or without them their names; the server goes
// on meanwhile. Of a cluster it is what this server's copy has, without leases and votes, which a server that is
// restored must not have.
func (s *Server) Backup(ctx context.Context, artifacts bool) (_ httpapi.Backup, err error) {
	t := &taken{head: backup.Head{Server: s.cfg.Server, Version: s.opts.Version, At: s.opts.Clock().UTC()}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up: %w", errors.Join(err, t.Close()))
		}
	}()
	if err := s.freeze(t); err != nil {
		return nil, err
	}
	for _, h := range t.held {
		u := backup.Upload{Artifact: backup.Artifact{SHA256: h.SHA256, Name: h.Name, Size: h.Size, At: h.At}}
		if artifacts {
			u.Body = h.File
		}
		t.content.Uploads = append(t.content.Uploads, u)
	}
	if t.audit, err = openAudit(filepath.Join(s.cfg.Data, backup.AuditName)); err != nil {
		return nil, err
	}
	var parts []io.Reader
	for _, f := range t.audit {
		parts = append(parts, f)
	}
	t.content.Audit = io.MultiReader(parts...)
	return t, ctx.Err()
}

// freeze takes the artifacts first, then the journal. No image changes in between, so that every artifact which the
// journal's moment names is among them, and was not deleted yet.
func (s *Server) freeze(t *taken) (err error) {
	s.library.changing.Lock()
	defer s.library.changing.Unlock()
	if t.held, err = s.uploads.Hold(); err != nil {
		return err
	}
	if local, ok := s.journal.(*persistence.Local); ok {
		t.content.Journal, err = local.Moment()
		return err
	}
	moment, err := s.cluster.member.Journal().Moment()
	if err == nil {
		t.content.Journal = moment.Alone(member.IsDoc)
	}
	return err
}

// openAudit opens the audit log and the one before it, the older first. The younger is opened first: it may take the
// older's place in between.
func openAudit(path string) (files []*os.File, err error) {
	for _, name := range []string{path, path + ".1"} {
		f, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return files, err
		}
		if len(files) > 0 && same(files[0], f) {
			return files, f.Close()
		}
		files = append([]*os.File{f}, files...)
	}
	return files, nil
}

func same(a, b *os.File) bool {
	one, err := a.Stat()
	other, err2 := b.Stat()
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// Write implements httpapi.Backup. It ends with ctx, too.
func (t *taken) Write(ctx context.Context, w io.Writer) error {
	return backup.Write(&untilDone{ctx, w}, t.head, t.content)
}

// Close implements httpapi.Backup.
func (t *taken) Close() error {
	if t.content.Journal != nil {
		t.content.Journal.Release()
	}
	err := uploads.Release(t.held)
	for _, f := range t.audit {
		err = errors.Join(err, f.Close())
	}
	return err
}

// untilDone refuses to write once ctx ended.
type untilDone struct {
	ctx context.Context
	w   io.Writer
}

// Write implements io.Writer.
func (u *untilDone) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, fmt.Errorf("the server stops: %w", err)
	}
	return u.w.Write(p)
}

// Restore makes a data folder of a backup, for a server that is not running.
func Restore(file io.ReadSeeker, data string) (backup.Summary, error) {
	store, err := uploads.Open(filepath.Join(data, "store", images.UploadFolder))
	if err != nil {
		return backup.Summary{}, err
	}
	return backup.Restore(file, data, backup.Options{Keep: func(a backup.Artifact, body io.Reader) error {
		if _, err := store.Has(a.SHA256); !errors.Is(err, uploads.ErrNone) {
			return err // of an earlier try; or the disk is at fault
		}
		if !uploads.CheckName(a.Name) {
			a.Name = a.SHA256 // what people called it was lost before
		}
		_, err := store.Put(a.SHA256, a.Name, a.Size, body, a.At)
		return err
	}})
}
