package tftp

import (
	"errors"
	"fmt"
	"os"
	"time"
)

var errChanged = &Error{Code: CodeUndefined, Text: "the file was changed while it was read"}

// source is where the blocks of a file come from: its mapping, else they are read.
type source struct {
	file   *File
	block  int
	shared *mapping // nil: not mapped

	disk    *os.File // nil: the content is no file
	written time.Time
}

// newSource prepares a file for sending. files is nil for who has to touch the bytes himself.
func newSource(files *mappings, f *File, block int) *source {
	s := &source{file: f, block: block}
	if disk, ok := f.Content.(*os.File); ok {
		if info, err := disk.Stat(); err == nil {
			s.disk, s.written = disk, info.ModTime()
			if files != nil {
				s.shared = files.get(disk, f.Size, info)
			}
		}
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

// bounds are where the bytes of a block, counted from 1, begin and end.
func (s *source) bounds(block int64) (from, to int64) {
	from = (block - 1) * int64(s.block)
	return from, min(from+int64(s.block), s.file.Size)
}

// read fills p from an offset.
func (s *source) read(p []byte, from int64) error {
	if len(p) == 0 {
		return nil
	}
	if n, err := s.file.Content.ReadAt(p, from); n < len(p) {
		return errors.Join(errChanged, fmt.Errorf("read at %d: %w", from, err))
	}
	return nil
}

// near gives the block up to which those from b's first on are in memory, so that sending them waits for no disk.
func (s *source) near(b span) int64 {
	if s.shared == nil {
		return b.last // they are read by who may wait
	}
	from, _ := s.bounds(b.first)
	return s.shared.near(from) / int64(s.block)
}

// load brings blocks into memory. It may take as long as the disk likes.
func (s *source) load(b span) error {
	if s.shared == nil {
		return nil
	}
	from, _ := s.bounds(b.first)
	_, to := s.bounds(b.last)
	return s.shared.load(from, to)
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
