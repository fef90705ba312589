package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// pushed is a file on its way to the server.
type pushed struct {
	file *os.File
	name string
	size int64
	sum  string // SHA-256, once it was hashed
}

func openPush(path string) (*pushed, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Exit: ExitUsage, Err: err}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err == nil && info.Size() == 0 {
		err = fmt.Errorf("%s is empty; copy it again", path) // an upload is known by its hash only: the server could not name it
	}
	if err != nil {
		return nil, &Error{Exit: ExitUsage, Err: errors.Join(err, f.Close())}
	}
	return &pushed{file: f, name: filepath.Base(path), size: info.Size()}, nil
}

// hash reads the file to its end and goes back to its start.
func (p *pushed) hash(shown *transfer) (string, error) {
	defer shown.end()
	sum := sha256.New()
	_, err := io.Copy(sum, shown.of(p.file))
	if err == nil {
		_, err = p.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", p.name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func isNotFound(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Kind == v1.KindNotFound
}

// transfer draws how far a file has come, in one line that is drawn anew with each hundredth part.
type transfer struct {
	out   io.Writer
	what  string
	total int64 // bytes
	on    bool  // a person looks at a terminal

	done  int64
	drawn int64 // the hundredth part that was drawn last
}

// of counts what is read of a file.
func (t *transfer) of(f io.Reader) io.Reader { return io.TeeReader(f, t) }

// Write implements io.Writer: it counts.
func (t *transfer) Write(p []byte) (int, error) {
	t.done += int64(len(p))
	if part := t.done * 100 / max(t.total, 1); t.on && part > t.drawn {
		t.drawn = part
		_, _ = fmt.Fprintf(t.out, "\r%s %s %3d %%", t.what, bar(t.done, t.total), part) // for people only
	}
	return len(p), nil
}

// end takes the line off the screen.
func (t *transfer) end() {
	if t.drawn > 0 {
		_, _ = fmt.Fprint(t.out, "\r\x1b[K") // for people only
	}
}
