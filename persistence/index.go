package persistence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"time"
	"unique"
)

// A sealed segment NNN.seg has its index beside it in NNN.idx, so that opening
// reads some kilobytes a segment instead of megabytes:
//
//	indexMark
//	body      number of the segment, length of its file, bytes of whole
//	          records, first and last time, then for each board, sorted: name
//	          after its length, offset of its last record, bytes of all
//	CRC-32C of the body, 4 bytes, big endian
//
// It only repeats what the segment holds. One that is absent, harmed or of a
// file of another length is made again by reading the segment.
const indexMark = "mozpool log index 1\n"

var errNoIndex = errors.New("no usable index")

// entry is one board's part of a sealed segment. The offsets fit because a
// segment is never longer than maxSegment and one buffer.
type entry struct {
	board unique.Handle[string] // the name is kept once for all segments
	last  uint32
	bytes uint32
}

// seal turns the index of a segment that is complete into its lasting form.
func (s *segment) seal() {
	s.sealed = make([]entry, 0, len(s.boards))
	for name, sh := range s.boards {
		s.sealed = append(s.sealed, entry{unique.Make(name), uint32(sh.last), uint32(sh.bytes)})
	}
	slices.SortFunc(s.sealed, func(a, b entry) int { return cmp.Compare(a.board.Value(), b.board.Value()) })
	s.boards = nil
}

// share finds a board's part of a segment.
func (s *segment) share(board string) (share, bool) {
	if s.boards != nil {
		if sh := s.boards[board]; sh != nil {
			return *sh, true
		}
		return share{}, false
	}
	i, ok := slices.BinarySearchFunc(s.sealed, board, func(e entry, name string) int { return strings.Compare(e.board.Value(), name) })
	if !ok {
		return share{}, false
	}
	return share{int64(s.sealed[i].last), int64(s.sealed[i].bytes)}, true
}

func (s *segment) indexPath() string { return strings.TrimSuffix(s.path, ".seg") + ".idx" }

// writeIndex puts the index of a sealed segment beside it.
func (s *segment) writeIndex() error {
	body := binary.AppendUvarint(nil, s.number)
	body = binary.AppendUvarint(body, uint64(s.length))
	body = binary.AppendUvarint(body, uint64(s.size))
	body = binary.AppendVarint(body, stamp(s.first))
	body = binary.AppendVarint(body, stamp(s.last))
	for _, e := range s.sealed {
		body = appendString(body, e.board.Value())
		body = binary.AppendUvarint(body, uint64(e.last))
		body = binary.AppendUvarint(body, uint64(e.bytes))
	}
	data := append([]byte(indexMark), body...)
	return writeFileSynced(s.indexPath(), binary.BigEndian.AppendUint32(data, crc32.Checksum(body, castagnoli)))
}

// readIndex opens a sealed segment by its index; errNoIndex says that the
// segment itself must be read.
func readIndex(dir string, number uint64) (*segment, error) {
	s := newSegment(dir, number)
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, fmt.Errorf("look at log segment: %w", err)
	}
	data, err := os.ReadFile(s.indexPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read index of log segment: %w", err)
	}
	body, ok := bytes.CutPrefix(data, []byte(indexMark))
	if !ok || len(body) < 4 {
		return nil, errNoIndex
	}
	body, sum := body[:len(body)-4], body[len(body)-4:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) || !s.takeIndex(body) || s.length != info.Size() {
		return nil, errNoIndex
	}
	return s, nil
}

// takeIndex fills a segment from an index's body, and says whether it could.
func (s *segment) takeIndex(body []byte) bool {
	f := fields{b: body}
	if f.uvarint() != s.number {
		return false
	}
	s.length, s.size = int64(f.uvarint()), int64(f.uvarint())
	s.first, s.last = unstamp(f.varint()), unstamp(f.varint())
	for len(f.b) > 0 && !f.bad {
		e := entry{board: unique.Make(f.string())}
		e.last, e.bytes = uint32(f.uvarint()), uint32(f.uvarint())
		s.sealed = append(s.sealed, e)
	}
	s.boards = nil
	return !f.bad
}

// stamp is a time as a number; 0 is the zero time.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func unstamp(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
