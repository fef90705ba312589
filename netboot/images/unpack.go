package images

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// compressionOf tells from its suffix how a file is packed.
func compressionOf(name string) Compression {
	lower := strings.ToLower(name)
	for suffix, c := range map[string]Compression{
		".gz": Gzip, ".tgz": Gzip, ".xz": XZ, ".txz": XZ, ".bz2": Bzip2, ".tbz2": Bzip2, ".tbz": Bzip2,
		".zst": Zstd, ".zstd": Zstd, ".tzst": Zstd,
	} {
		if strings.HasSuffix(lower, suffix) {
			return c
		}
	}
	return Plain
}

// unpack returns a reader of what r unpacks to. Checksums within the format are
// verified while reading; a file cut short is an error at its end.
func unpack(r io.Reader, c Compression) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	var out io.Reader
	var err error
	switch c {
	case Plain:
		return buffered, nil
	case Gzip:
		out, err = gzip.NewReader(buffered)
	case Bzip2:
		out = bzip2.NewReader(buffered)
	case XZ:
		out, err = xz.NewReader(buffered)
	case Zstd:
		// With one decoder it works in the caller's goroutine, so that nothing is left behind without Close.
		out, err = zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
	default:
		return nil, fmt.Errorf("unpack: unknown compression %q", c)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack as %s: %w", c, err)
	}
	return out, nil
}
