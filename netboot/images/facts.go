package images

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

// facts are what is known about one file. They hold as long as its size and
// time are those here.
type facts struct {
	Size     int64     `json:"size"`
	ModTime  time.Time `json:"mtime"`
	SHA256   string    `json:"sha256"` // of the file as it lies there
	Unpacked *Content  `json:"unpacked,omitempty"`
	// Table is the partition table of the unpacked image; TableError says why
	// it could not be read, which matters only where a partition is asked for.
	Table      []Partition     `json:"table,omitempty"`
	TableError string          `json:"table_error,omitempty"`
	Parts      map[int]Content `json:"parts,omitempty"` // partitions hashed so far
	Tar        []TarFile       `json:"tar,omitempty"`   // of an archive, once asked for
	TarRead    bool            `json:"tar_read,omitempty"`
}

// measureWhole hashes the file as it lies there.
func measureWhole(f io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return hexSum(sum.Sum(nil)), nil
}

// measureUnpacked hashes what the file unpacks to, in one pass.
func measureUnpacked(f io.Reader, c Compression, measure measurer) (Content, error) {
	r, err := unpack(f, c)
	if err != nil {
		return Content{}, err
	}
	return measure(r)
}

// measurer reads to the end and says what it read.
type measurer func(io.Reader) (Content, error)

func contentOf(r io.Reader) (Content, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err != nil {
		return Content{}, fmt.Errorf("unpack: %w", err)
	}
	return Content{Size: n, SHA256: hexSum(sum.Sum(nil))}, nil
}

// measurePart hashes one partition of what the file unpacks to.
func (x *index) measurePart(f io.Reader, c Compression, p Partition) (Content, error) {
	r, err := unpack(f, c)
	if err != nil {
		return Content{}, err
	}
	if _, err := io.CopyN(io.Discard, r, p.Start); err != nil {
		return Content{}, fmt.Errorf("partition %d begins beyond the end of the image: %w", p.Number, noEOF(err))
	}
	got, err := x.content(io.LimitReader(r, p.Size))
	if err == nil && got.Size < p.Size {
		err = fmt.Errorf("partition %d ends %d bytes beyond the end of the image", p.Number, p.Size-got.Size)
	}
	return got, err
}

// measureTable reads the partition table of what the file unpacks to.
func measureTable(f io.Reader, c Compression) ([]Partition, error) {
	r, err := unpack(f, c)
	if err != nil {
		return nil, err
	}
	return readTable(r)
}

// measureTar hashes every regular file of an archive. A name that would leave
// the folder it is unpacked in is refused.
func measureTar(f io.Reader, c Compression) ([]TarFile, error) {
	r, err := unpack(f, c)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(r)
	var out []TarFile
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the archive after %d files: %w", len(out), err)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "/"))
		if name == ".." || strings.HasPrefix(name, "../") {
			return nil, fmt.Errorf("the archive holds %q, which would be unpacked outside its folder", h.Name)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := contentOf(archive)
		if err != nil {
			return nil, fmt.Errorf("read %s in the archive: %w", name, err)
		}
		out = append(out, TarFile{Name: name, Content: content})
	}
}

func hexSum(sum []byte) string { return hex.EncodeToString(sum) }

// noEOF makes an end of file an unexpected one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// rewind goes back to the start of a file for another pass.
func rewind(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind %s: %w", f.Name(), err)
	}
	return nil
}
