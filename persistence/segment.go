package persistence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// segment is one file of lines and what is known of it without reading it.
type segment struct {
	path   string
	number uint64
	size   int64 // bytes of whole records
	length int64 // of the file, once it is sealed: more than size if it is damaged
	first  time.Time
	last   time.Time
	begun  time.Duration     // of the uptime; 0 = before this process
	boards map[string]*share // the index while lines come; nil once it is sealed
	sealed []entry           // the index from then on, sorted by board
}

// share is one board's part of a segment.
type share struct {
	last  int64 // offset of its last record
	bytes int64
}

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d.seg", number))
}

func newSegment(dir string, number uint64) *segment {
	return &segment{path: segmentPath(dir, number), number: number, boards: map[string]*share{}}
}

// add encodes a line behind buf and enters it into the index. Records reach
// the file in the order of add.
func (s *segment) add(buf []byte, l Line) []byte {
	back := int64(0)
	sh := s.boards[l.Board]
	if sh == nil {
		sh = &share{}
		s.boards[l.Board] = sh
	} else {
		back = s.size - sh.last
	}
	from := len(buf)
	buf = appendRecord(buf, l, back)
	n := int64(len(buf) - from)
	sh.last, sh.bytes = s.size, sh.bytes+n
	s.size += n
	s.seen(l.At)
	return buf
}

// seen keeps the span of time.
func (s *segment) seen(at time.Time) {
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
}

// scanSegment rebuilds the index from the file. What follows the last whole
// record is a torn tail (the process died while it wrote) or damage.
func scanSegment(dir string, number uint64) (*segment, error) {
	s := newSegment(dir, number)
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("read log segment: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	err = eachRecord(f, -1, func(l Line, offset, size int64) bool {
		sh := s.boards[l.Board]
		if sh == nil {
			sh = &share{}
			s.boards[l.Board] = sh
		}
		sh.last, sh.bytes = offset, sh.bytes+size
		s.size = offset + size
		s.seen(l.At)
		return true
	})
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at log segment: %w", err)
	}
	s.length = info.Size()
	return s, nil
}

// each reads a segment's records in order, up to limit bytes, until fn returns
// false.
func (s *segment) each(limit int64, fn func(l Line, offset, size int64) bool) error {
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("read log segment: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	return eachRecord(f, limit, fn)
}

// eachRecord reads records in order until fn returns false: limit bytes of
// them, which must be whole (else errTorn), or below 0 to the first that is
// torn.
func eachRecord(f *os.File, limit int64, fn func(l Line, offset, size int64) bool) error {
	r := bufio.NewReaderSize(f, 64<<10)
	for offset := int64(0); limit < 0 || offset < limit; {
		b, err := peekRecord(r)
		if err != nil {
			return fmt.Errorf("read log segment %s at %d: %w", f.Name(), offset, err)
		}
		l, _, size, err := decodeRecord(b)
		if err != nil && limit >= 0 {
			return fmt.Errorf("read log segment %s at %d: %w", f.Name(), offset, err)
		}
		if err != nil || !fn(l, offset, size) {
			return nil
		}
		if _, err := r.Discard(int(size)); err != nil {
			return fmt.Errorf("read log segment %s at %d: %w", f.Name(), offset, err)
		}
		offset += size
	}
	return nil
}

// peekRecord returns the next record, or as much of it as there is.
func peekRecord(r *bufio.Reader) ([]byte, error) {
	b, err := r.Peek(recordHeader)
	if err == nil {
		n := int(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
		b, err = r.Peek(recordHeader + min(n, maxBody))
	}
	if errors.Is(err, io.EOF) {
		return b, nil
	}
	return b, err
}

// walk reads one board's records from the last one back, until fn returns
// false.
func (s *segment) walk(board string, from int64, fn func(l Line) bool) error {
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("read log segment: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	buf := make([]byte, recordHeader+maxBody)
	for {
		n, err := f.ReadAt(buf[:min(512, len(buf))], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read log segment %s at %d: %w", s.path, from, err)
		}
		l, back, _, err := decodeRecord(buf[:n])
		if err != nil { // longer than most
			n, _ = f.ReadAt(buf, from)
			l, back, _, err = decodeRecord(buf[:n])
		}
		if err != nil {
			return fmt.Errorf("read log of board %s in %s at %d: %w", board, s.path, from, err)
		}
		if !fn(l) || back == 0 || back > from {
			return nil
		}
		from -= back
	}
}
