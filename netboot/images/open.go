package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// roots are the two folders that files are opened in. Each opening goes through
// an os.Root, so that neither ".." nor a symbolic link leaves the folder; the
// root is opened anew each time, since the operator may mount the folder later.
type roots struct {
	files string
	store string
}

func (r *roots) dir(in Folder) string {
	if in == InStore {
		return r.store
	}
	return r.files
}

// open opens a regular file. Without O_NONBLOCK a named pipe that somebody put
// there would hold the caller for ever.
func (r *roots) open(in Folder, path string) (*os.File, fs.FileInfo, error) {
	root, err := os.OpenRoot(r.dir(in))
	if err != nil {
		return nil, nil, fmt.Errorf("open the folder %s: %w", in, err)
	}
	defer func() { _ = root.Close() }() // the file stays open without it
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s file: %w", in, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s file: %w", in, err), f.Close())
	}
	return f, info, nil
}

// stat tells whether something is there; fs.ErrNotExist: nothing, or the whole folder is not.
func (r *roots) stat(in Folder, path string) error {
	root, err := os.OpenRoot(r.dir(in))
	if err != nil {
		return fmt.Errorf("open the folder %s: %w", in, err)
	}
	defer func() { _ = root.Close() }() // nothing was written
	if _, err := root.Stat(path); err != nil {
		return fmt.Errorf("look for %s file: %w", in, err)
	}
	return nil
}

// Open opens a pinned file for serving; the caller closes it. A file whose size
// or time differs from what was pinned is hashed again. Where it has another
// content by now, or is gone, the same bytes are served from wherever else they
// lie; else the error is a *ChangedError, or a *LackingError where they are
// being fetched, and nothing is served.
func (c *Catalogue) Open(f File) (*os.File, error) {
	file, info, err := c.roots.open(f.In, f.Path)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return nil, err // it says nothing of the file
	}
	if err != nil {
		other, ierr := c.instead(f, &ChangedError{Path: f.Path, Was: f.SHA256})
		if ierr != nil && !errors.Is(err, fs.ErrNotExist) {
			ierr = errors.Join(ierr, err)
		}
		return other, ierr
	}
	if info.Size() == f.Size && info.ModTime().Equal(f.ModTime) {
		return file, nil
	}
	now, err := c.index.whole(f.In, f.Path)
	if err == nil && now.SHA256 == f.SHA256 {
		return file, nil
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return c.instead(f, &ChangedError{Path: f.Path, Was: f.SHA256, Is: now.SHA256})
}
