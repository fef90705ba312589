package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// Bounds of a pair. The largest value of the journal is a document.
const (
	maxName  = 64 << 10
	maxValue = 4 << 20
	maxHead  = 4 << 10
)

// Summary is what a whole backup holds.
type Summary struct {
	Head
	Format    int     `json:"format"`
	Keys      int     `json:"keys"`        // of the journal
	Audit     int64   `json:"audit_bytes"` // of the log of changes
	Artifacts []Found `json:"artifacts"`
}

// Verify reads a backup to its end. An error says that it cannot be restored, and why.
func Verify(r io.Reader) (Summary, error) {
	return read(r, sink{
		pair:   func(byte, []byte, []byte) error { return nil },
		upload: func(Artifact, io.Reader) error { return nil },
	})
}

// sink takes what is in a backup.
type sink struct {
	pair   func(of byte, name, value []byte) error // of the journal, or of the audit log
	upload func(Artifact, io.Reader) error
}

// read hands everything out, and answers without an error only if the file was whole.
func read(r io.Reader, to sink) (s Summary, err error) {
	in := &reader{r: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	if s.Head, s.Format, err = in.head(); err != nil {
		return s, err
	}
	for {
		name, value, err := in.pair()
		if err != nil {
			return s, fmt.Errorf("the backup is cut off or changed: %w", err)
		}
		if len(name) == 0 {
			return s, in.end()
		}
		if err := s.take(in, name[0], name[1:], value, to); err != nil {
			return s, err
		}
	}
}

func (s *Summary) take(in *reader, of byte, name, value []byte, to sink) error {
	switch {
	case of == ofJournal:
		s.Keys++
	case of == ofAudit:
		s.Audit += int64(len(value))
	case of == ofUpload && s.Format > 1:
		f, err := in.upload(name, value, to.upload)
		s.Artifacts = append(s.Artifacts, f)
		return err
	default:
		return fmt.Errorf("the backup is changed: it has a part %q", of)
	}
	return to.pair(of, name, value)
}

// reader reads, and sums what it read.
type reader struct {
	r   *bufio.Reader
	sum hash.Hash
}

func (in *reader) line() (string, error) {
	var text []byte
	for len(text) < maxHead {
		b, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		if text = append(text, b); b == '\n' {
			return string(text), nil
		}
	}
	return "", errors.New("its first lines are too long")
}

// ReadByte implements io.ByteReader, for lengths.
func (in *reader) ReadByte() (byte, error) {
	b, err := in.r.ReadByte()
	if err == nil {
		_, _ = in.sum.Write([]byte{b}) // a hash takes everything
	}
	return b, err
}

func (in *reader) head() (h Head, format int, err error) {
	line, err := in.line()
	if err != nil || !strings.HasPrefix(line, "mozpool backup ") {
		return h, 0, errors.New("this is no backup of mozpool's: it does not begin like one")
	}
	if _, err := fmt.Sscanf(line, formatLine, &format); err != nil || format < 1 {
		return h, 0, fmt.Errorf("this is no backup of mozpool's: it begins with %.40q", line)
	}
	if format > Format {
		return h, format, fmt.Errorf("the backup has format %d, this mozpool reads those up to %d; restore it with the newer version that wrote it", format, Format)
	}
	text, err := in.line()
	if err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	if err != nil {
		return h, format, fmt.Errorf("the backup's head cannot be read: %w", err)
	}
	return h, format, nil
}

func (in *reader) pair() (name, value []byte, err error) {
	var lengths [2]uint64
	for i := range lengths {
		if lengths[i], err = binary.ReadUvarint(in); err != nil {
			return nil, nil, err
		}
	}
	if lengths[0] > maxName || lengths[1] > maxValue || lengths[0] == 0 && lengths[1] != 0 {
		return nil, nil, fmt.Errorf("lengths of %d and %d bytes", lengths[0], lengths[1])
	}
	both := make([]byte, lengths[0]+lengths[1])
	if _, err := io.ReadFull(in.r, both); err != nil {
		return nil, nil, err
	}
	_, _ = in.sum.Write(both) // a hash takes everything
	return both[:lengths[0]], both[lengths[0]:], nil
}

// end compares the sum, and wants nothing behind it.
func (in *reader) end() error {
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(in.r, want); err != nil {
		return fmt.Errorf("the backup is cut off: %w", err)
	}
	if string(want) != string(in.sum.Sum(nil)) {
		return errors.New("the backup is changed: its checksum is another")
	}
	if _, err := in.r.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("the backup is changed: something follows its end")
	}
	return nil
}
