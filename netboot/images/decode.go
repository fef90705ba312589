package images

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/persistence/strictyaml"
)

// hole is how many zeros in a row are left out of a file in the store.
const hole = 64 << 10

// decodes says whether the server unpacks an artifact for its boards: it must where they cannot, and does where the image
// wants it, so that a board can ask for single blocks.
func decodes(c Compression, a ArtifactSpec) bool { return c == Zstd || a.Unpack && c != Plain }

// decoded unpacks a file into the store, once, and returns its name there.
func (c *Catalogue) decoded(in Folder, name string, packed Compression) (string, error) {
	f, err := c.index.unpacked(in, name, packed)
	if err != nil {
		return "", err
	}
	out := storeName(f.Unpacked.SHA256)
	c.index.touch(out)
	if info, err := os.Stat(filepath.Join(c.roots.store, out)); err == nil && info.Size() == f.Unpacked.Size {
		return out, nil
	}
	c.index.measuring.Lock()
	defer c.index.measuring.Unlock()
	if err := c.decode(in, name, packed, *f.Unpacked); err != nil {
		return "", fmt.Errorf("unpack %s into the store: %w", name, err)
	}
	return out, nil
}

// decode writes what a file unpacks to into the store: sparse, to a temporary name, compared, synced, renamed.
func (c *Catalogue) decode(in Folder, name string, packed Compression, want Content) error {
	file, _, err := c.roots.open(in, name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	r, err := unpack(file, packed)
	if err != nil {
		return err
	}
	to := filepath.Join(c.roots.store, storeName(want.SHA256))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(to), ".new-*")
	if err != nil {
		return err
	}
	err = writeSparse(tmp, r, want)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// writeSparse writes content without its long runs of zeros, and compares it with what was measured.
func writeSparse(to *os.File, r io.Reader, want Content) error {
	sum, zeros := sha256.New(), sha256.Sum256(make([]byte, hole))
	var at int64
	err := blockwise(r, hole, func(b []byte) error {
		_, _ = sum.Write(b) // a hash takes everything
		from := at
		at += int64(len(b))
		if len(b) == hole && sha256.Sum256(b) == zeros {
			return nil
		}
		_, err := to.WriteAt(b, from)
		return err
	})
	if err != nil {
		return err
	}
	if at != want.Size || hexSum(sum.Sum(nil)) != want.SHA256 {
		return &strictyaml.RemedyError{What: "it unpacks to something else each time", Remedy: "look at the disk and the memory of this server"}
	}
	return to.Truncate(at)
}
