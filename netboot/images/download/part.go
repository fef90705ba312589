package download

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const about = ".json"

// note says what of a part is safely on the disk. Part and note are called by URL and ETag: bytes of one version are never
// taken for those of another, whatever a crash leaves.
type note struct {
	URL  string `json:"url"`
	ETag string `json:"etag"`
	Size int64  `json:"size"`
}

// open takes up the part that an earlier fetch left, if there is one to go on with.
func (t *transfer) open() error {
	t.sum = sha256.New()
	names, err := t.names()
	if err != nil {
		return err
	}
	for _, path := range names {
		if n, ok := readNote(path); ok && n.URL == t.URL && path == t.named(n.ETag)+about && t.resume(n) {
			return t.sweep()
		}
	}
	return t.restart("")
}

func readNote(path string) (n note, ok bool) {
	data, err := os.ReadFile(path)
	return n, err == nil && json.Unmarshal(data, &n) == nil && n.Size > 0 && strong(n.ETag) != ""
}

// named is what the part of one version is called.
func (t *transfer) named(etag string) string {
	return filepath.Join(t.Dir, t.key+"-"+short(etag))
}

// resume opens a part, and hashes what is there of it.
func (t *transfer) resume(n note) bool {
	part := t.named(n.ETag)
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	got, err := io.Copy(t.sum, io.LimitReader(f, n.Size))
	if err != nil || got < n.Size {
		t.sum.Reset()
		_ = f.Close() // nothing was written
		return false
	}
	t.file, t.part, t.etag, t.have, t.noted = f, part, n.ETag, n.Size, n.Size
	return true
}

// restart begins at the first byte, of the version with this ETag.
func (t *transfer) restart(etag string) error {
	if err := t.drop(); err != nil {
		return err
	}
	part := t.named(etag)
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	t.sum.Reset()
	t.file, t.part, t.etag, t.have, t.noted, t.resumed = f, part, etag, 0, 0, 0
	return nil
}

// pause has what came safely on the disk, and says so.
func (t *transfer) pause() error {
	if t.etag == "" {
		t.noted = t.have
		return nil
	}
	if err := t.file.Sync(); err != nil {
		return err
	}
	data, err := json.Marshal(note{t.URL, t.etag, t.have})
	if err != nil {
		return fmt.Errorf("note a part: %w", err)
	}
	if err := os.WriteFile(t.part+about+".new", data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(t.part+about+".new", t.part+about); err != nil {
		return err
	}
	t.noted = t.have
	return nil
}

// leave keeps what came for the next fetch, unless that could not go on with it, or there is no room for it.
func (t *transfer) leave(err error) error {
	var broken *BrokenError
	var status *StatusError
	if !errors.As(err, &broken) && !errors.As(err, &status) || t.etag == "" || t.have == 0 {
		if broken != nil {
			broken.Have = 0
		}
		return errors.Join(err, t.drop())
	}
	perr := t.pause()
	if perr == nil && broken != nil {
		broken.Have = t.have
	}
	err = errors.Join(err, perr, t.file.Close())
	t.file = nil
	return err
}

// drop closes the part and removes it, with all others of the URL.
func (t *transfer) drop() (err error) {
	if t.file != nil {
		err = t.file.Close()
		t.file = nil
	}
	t.part = ""
	return errors.Join(err, t.sweep())
}

// sweep removes what there is of other versions.
func (t *transfer) sweep() error {
	names, err := t.names()
	for _, name := range names {
		if t.part == "" || name != t.part && name != t.part+about {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

// names are the parts of this URL, and the notes about them.
func (t *transfer) names() (all []string, err error) {
	entries, err := os.ReadDir(t.Dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), t.key+"-") {
			all = append(all, filepath.Join(t.Dir, e.Name()))
		}
	}
	return all, err
}
