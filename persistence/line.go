package persistence

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxText is how much of a line's text is kept, in bytes.
const MaxText = 8 << 10

// A segment is a sequence of records:
//
//	length of the body   4 bytes, big endian
//	CRC-32C of the body  4 bytes
//	body                 back, at, board at, severity, then board, source
//	                     and text, each after its length (text: the rest)
//
// back is the distance in bytes to the record before it of the same board in
// the same segment, 0 = none: the last lines of one board are found by walking.
const (
	recordHeader = 8
	maxBody      = MaxText + 2*MaxBoard + 64
)

var (
	errTorn    = errors.New("torn record")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// appendRecord encodes one line behind what buf holds.
func appendRecord(buf []byte, l Line, back int64) []byte {
	start := len(buf)
	buf = append(buf, make([]byte, recordHeader)...)
	buf = binary.AppendUvarint(buf, uint64(back))
	buf = binary.AppendVarint(buf, l.At.UnixNano())
	stamp := int64(0)
	if !l.BoardAt.IsZero() {
		stamp = l.BoardAt.UnixNano()
	}
	buf = binary.AppendVarint(buf, stamp)
	buf = binary.AppendVarint(buf, int64(l.Severity))
	buf = appendString(buf, l.Board)
	buf = appendString(buf, l.Source)
	buf = append(buf, l.Text...)
	body := buf[start+recordHeader:]
	binary.BigEndian.PutUint32(buf[start:], uint32(len(body)))
	binary.BigEndian.PutUint32(buf[start+4:], crc32.Checksum(body, castagnoli))
	return buf
}

func appendString(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}

// decodeRecord reads the record that b begins with, and says how long it is.
// Anything that is not a whole, unharmed record is errTorn.
func decodeRecord(b []byte) (l Line, back, size int64, err error) {
	if len(b) < recordHeader {
		return l, 0, 0, errTorn
	}
	n := int(binary.BigEndian.Uint32(b))
	if n == 0 || n > maxBody || len(b) < recordHeader+n {
		return l, 0, 0, errTorn
	}
	body := b[recordHeader : recordHeader+n]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return l, 0, 0, errTorn
	}
	f := fields{b: body}
	back = int64(f.uvarint())
	l.At = time.Unix(0, f.varint())
	if stamp := f.varint(); stamp != 0 {
		l.BoardAt = time.Unix(0, stamp)
	}
	l.Severity = int(f.varint())
	l.Board, l.Source = f.string(), f.string()
	l.Text = string(f.b)
	if f.bad || back < 0 {
		return Line{}, 0, 0, errTorn
	}
	return l, back, int64(recordHeader + n), nil
}

// fields takes a body apart; bad stays set once something did not fit.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) skip(n int) {
	if n <= 0 {
		f.bad, f.b = true, nil
		return
	}
	f.b = f.b[n:]
}

func (f *fields) uvarint() uint64 {
	v, n := binary.Uvarint(f.b)
	f.skip(n)
	return v
}

func (f *fields) varint() int64 {
	v, n := binary.Varint(f.b)
	f.skip(n)
	return v
}

func (f *fields) string() string {
	n := f.uvarint()
	if n > uint64(len(f.b)) {
		f.bad = true
		return ""
	}
	s := string(f.b[:n])
	f.b = f.b[n:]
	return s
}

// tidy cuts what boards may send to what a record holds.
func (l Line) tidy() Line {
	l.Board, l.Source, l.Text = cut(l.Board, MaxBoard), cut(l.Source, MaxBoard), cut(l.Text, MaxText)
	return l
}

// cut shortens s to max bytes without splitting a character.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}

// fits says whether a filter wants a line; Tail is the caller's.
func (f Filter) fits(l Line) bool {
	return (f.Board == "" || f.Board == l.Board) &&
		(f.Source == "" || f.Source == l.Source) &&
		(f.Below == 0 || l.Severity < f.Below) &&
		(f.Since.IsZero() || !l.At.Before(f.Since)) &&
		(f.Until.IsZero() || !l.At.After(f.Until)) &&
		(f.Text == "" || strings.Contains(l.Text, f.Text))
}
