package live

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxMember bounds one file that is read into memory, against nonsense input.
const maxMember = 512 << 20

// errStop ends a walk early without an error.
var errStop = errors.New("stop")

// isDeb tells a Debian package by its first bytes.
func isDeb(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // only read
	magic := make([]byte, len(arMagic))
	_, err = io.ReadFull(file, magic)
	return err == nil && string(magic) == arMagic
}

// walkDeb calls visit for every regular file of a package, by its path without
// leading "./", until visit returns errStop.
func walkDeb(ctx context.Context, deb string, visit func(name string, content io.Reader) error) (err error) {
	file, err := os.Open(deb)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	name, member, err := arData(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return fmt.Errorf("package %s: %w", deb, err)
	}
	data, err := decompress(name, member)
	if err != nil {
		return fmt.Errorf("package %s: %s: %w", deb, name, err)
	}
	archive := tar.NewReader(data)
	for {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("package %s: %s: %w", deb, name, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case header.Typeflag != tar.TypeReg:
			continue
		}
		if err := visit(strings.TrimPrefix(path.Clean(header.Name), "/"), archive); errors.Is(err, errStop) {
			return nil
		} else if err != nil {
			return fmt.Errorf("package %s: %s: %w", deb, header.Name, err)
		}
	}
}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// arData finds data.tar.* in a package (deb(5): an ar archive of three members).
func arData(r io.Reader) (string, io.Reader, error) {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return "", nil, errors.New("not a Debian package")
	}
	for {
		header := make([]byte, arHeader)
		if _, err := io.ReadFull(r, header); err != nil {
			return "", nil, fmt.Errorf("no data.tar in the package: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimSpace(string(header[:16])), "/")
		size, err := strconv.ParseInt(strings.TrimSpace(string(header[48:58])), 10, 64)
		if err != nil || size < 0 || string(header[58:]) != "`\n" {
			return "", nil, errors.New("broken member header in the package")
		}
		if strings.HasPrefix(name, "data.tar") {
			return name, io.LimitReader(r, size), nil
		}
		if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
			return "", nil, fmt.Errorf("member %s is cut short: %w", name, err)
		}
	}
}

// decompress unpacks by the name's suffix, for packages and for modules.
func decompress(name string, r io.Reader) (io.Reader, error) {
	switch path.Ext(name) {
	case ".xz":
		return xz.NewReader(r)
	case ".gz":
		return gzip.NewReader(r)
	case ".zst":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	return r, nil
}

// readAll reads a whole member, but no more than maxMember.
func readAll(r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, maxMember+1))
	if err == nil && n > maxMember {
		err = fmt.Errorf("larger than %d MiB", maxMember>>20)
	}
	return out.Bytes(), err
}
