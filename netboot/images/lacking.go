package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// LackingError says that a file is not on this server yet, and may be on another (HTTP 503: ask again).
type LackingError struct {
	Image string // that needs it; empty: a running attempt
	Sums  []string
}

func (e *LackingError) Error() string {
	what := "a running attempt"
	if e.Image != "" {
		what = "image " + e.Image
	}
	return fmt.Sprintf("%s needs artifact %s, which is not on this server yet", what, strings.Join(e.Sums, ", "))
}

// instead serves what was pinned from elsewhere on this server, or has it fetched, if others may have it. changed says what
// became of the file.
func (c *Catalogue) instead(f File, changed *ChangedError) (*os.File, error) {
	file, _, err := c.Held(f.SHA256)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if c.options.Lacking == nil {
		return nil, changed
	}
	c.options.Lacking(f.SHA256)
	if changed.Is != "" {
		return nil, changed // somebody replaced it, perhaps everywhere
	}
	return nil, &LackingError{Sums: []string{f.SHA256}}
}

// Held opens whatever file of this server has this hash, and says what it is called; the caller closes it.
// fs.ErrNotExist: none is known.
func (c *Catalogue) Held(sum string) (file *os.File, name string, err error) {
	if !hexDigest.MatchString(sum) {
		return nil, "", fs.ErrNotExist
	}
	var bad []error
	for _, at := range c.index.with(sum) {
		if at.In == InStore {
			c.index.touch(at.Path)
		}
		file, info, err := c.roots.open(at.In, at.Path)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if at.ModTime.IsZero() || info.Size() == at.Size && info.ModTime().Equal(at.ModTime) {
			return file, path.Base(at.Path), nil
		}
		if err := file.Close(); err != nil {
			return nil, "", fmt.Errorf("close %s: %w", at.Path, err)
		}
	}
	for _, err := range bad {
		if !errors.Is(err, fs.ErrNotExist) {
			c.options.Logger.Warn("a file may not be read, and is looked for elsewhere", "sha256", sum, "error", err)
		}
	}
	return nil, "", fmt.Errorf("a file with sha256 %s: %w", sum, fs.ErrNotExist)
}

// with are the places where a file with this hash may lie. Those in the store are named by it, and have it as long as they
// are there; of the others size and time have to be those of then.
func (x *index) with(sum string) []File {
	places := []File{{In: InStore, Path: uploadPath(sum)}, {In: InStore, Path: storeName(sum)}}
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, f := range x.files {
		if in, name, _ := strings.Cut(key, ":"); f.SHA256 == sum && Folder(in) == InFiles {
			places = append(places, File{In: InFiles, Path: name, Size: f.Size, ModTime: f.ModTime})
		}
	}
	return places
}

// arriving tells of an image whose uploads alone keep it from being used here.
func (c *Catalogue) arriving(name string) error {
	for _, u := range c.unfit {
		if u.Name == name && c.options.Lacking != nil && len(u.Lacks) > 0 && len(u.Lacks) == len(u.Problems) {
			return &LackingError{Image: name, Sums: u.Lacks}
		}
	}
	return nil
}
