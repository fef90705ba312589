package trail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	suffix  = ".jsonl"
	maxName = 200 // bytes of a folder's name; file systems take 255
)

// folder is where a board's trails are. The @ keeps names such as ".." from meaning anything.
func (t *Trails) folder(board string) string {
	name := "@" + url.PathEscape(board)
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(board))
		name = "@@" + hex.EncodeToString(sum[:])
	}
	return filepath.Join(t.dir, name)
}

func (t *Trails) file(k key) string {
	return filepath.Join(t.folder(k.board), fmt.Sprintf("%010d%s", k.attempt, suffix))
}

// add appends what is queued for one file, as far as it has room.
func (t *Trails) add(q *queued) (err error) {
	path := t.file(q.key)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o640)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = t.begin(q.key, path)
	}
	if err != nil {
		return fmt.Errorf("open the trail of board %s: %w", q.key.board, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := f.Stat()
	if err != nil {
		return fmt.Errorf("size of a trail of board %s: %w", q.key.board, err)
	}
	if _, err := f.Write(fitting(q.lines, end.Size(), torn(f, end.Size()))); err != nil {
		return fmt.Errorf("write the trail of board %s: %w", q.key.board, err)
	}
	if !q.sync {
		return nil
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync the trail of board %s: %w", q.key.board, err)
	}
	return nil
}

// torn says whether the file ends within a line, as a power cut leaves it.
func torn(f *os.File, size int64) bool {
	last := []byte{'\n'}
	if size > 0 {
		_, _ = f.ReadAt(last, size-1) // what cannot be read cannot be mended; the write will say so
	}
	return last[0] != '\n'
}

// fitting is what of lines still goes into a file of size bytes.
func fitting(lines []Line, size int64, mend bool) []byte {
	var b bytes.Buffer
	if mend {
		b.WriteByte('\n')
	}
	for _, l := range lines {
		room := MaxFile - size - int64(b.Len())
		if !l.Must {
			room -= reserved
		}
		if int64(len(l.Data)+1) <= room {
			b.Write(l.Data)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// begin makes the file of a new attempt, and takes away those that are too old. Its name is not synced by itself: that
// would be a second sync an attempt beside the journal's, for what is no truth.
func (t *Trails) begin(k key, path string) (*os.File, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", dir, err)
	}
	t.report(prune(dir, k.attempt))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("make file %s: %w", path, err)
	}
	return f, nil
}

// prune removes trails of attempts that are more than Keep before newest.
func prune(dir string, newest uint32) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list folder %s: %w", dir, err)
	}
	var errs []error
	for _, e := range entries {
		number, ok := strings.CutSuffix(e.Name(), suffix)
		n, err := strconv.ParseUint(number, 10, 32)
		if ok && err == nil && n+Keep <= uint64(newest) {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// Read returns the lines of an attempt, oldest first; none if it has no trail (any more). What was appended before is
// in it. A line that a power cut tore is handed out as it is: the caller knows whether it makes sense.
func (t *Trails) Read(board string, attempt uint32) ([][]byte, error) {
	if err := t.write(); err != nil {
		t.report(err) // what is there can be read all the same
	}
	t.flush.Lock()
	data, err := os.ReadFile(t.file(key{board, attempt}))
	t.flush.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the trail of board %s: %w", board, err)
	}
	var lines [][]byte
	for line := range bytes.SplitSeq(data, []byte{'\n'}) {
		if len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
