package tftp

import (
	"errors"
	"fmt"
	"os"
	"time"
)

var errChanged = &Error{Code: CodeUndefined, Text: "the file was changed while it was read"}

// source gives the blocks of a file: of its mapping without copying, else read into a buffer.
type source struct {
	file   *File
	block  int
	shared *mapping // nil: not mapped
	buffer []byte

	disk    *os.File // nil: the content is no file
	written time.Time
}

// newSource prepares a file for sending so many blocks at once. files is nil for who has to touch the bytes himself.
func newSource(files *mappings, f *File, block, window int) *source {
	s := &source{file: f, block: block}
	if disk, ok := f.Content.(*os.File); ok {
		if info, err := disk.Stat(); err == nil {
			s.disk, s.written = disk, info.ModTime()
			if files != nil {
				s.shared = files.get(disk, f.Size, info)
			}
		}
	}
	if s.shared == nil {
		s.buffer = make([]byte, min(int64(block)*int64(window), max(f.Size, 1)))
	}
	return s
}

// close gives the mapping back and closes the file.
func (s *source) close(files *mappings) error {
	if s.shared != nil {
		files.put(s.shared)
	}
	return s.file.Content.Close()
}

// at gives the bytes of a block, counted from 1. They stay as they are until the next call for the same slot. Bytes of a
// mapping are for the kernel only: the file may have been cut, and then touching them ends the process, while a system call
// that is handed them fails.
func (s *source) at(block int64, slot int) ([]byte, error) {
	from := (block - 1) * int64(s.block)
	to := min(from+int64(s.block), s.file.Size)
	if s.shared != nil {
		return s.shared.data[from:to:to], nil
	}
	p := s.buffer[slot*s.block:][:to-from]
	if len(p) == 0 {
		return p, nil
	}
	if n, err := s.file.Content.ReadAt(p, from); n < len(p) {
		return nil, errors.Join(errChanged, fmt.Errorf("read at %d: %w", from, err))
	}
	return p, nil
}

// unchanged says whether the file is still the one that was opened. It is asked before the last block is sent, so that no
// client takes a mixture of two contents for a file.
func (s *source) unchanged() error {
	if s.disk == nil {
		return nil
	}
	info, err := s.disk.Stat()
	if err != nil || info.Size() != s.file.Size || !info.ModTime().Equal(s.written) {
		return errChanged
	}
	return nil
}
