package dumps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dump is one on its way. It ends with Keep or Drop.
type Dump struct {
	s     *Store
	board string
	name  string // that it will have, but for a number behind it
	file  *os.File
	wrote int64
	most  int64 // bytes that were held for it
}

// Create begins a dump of a board. size is what the board says of its length in bytes; -1: nothing, and as much is held
// for it as one dump may have. *LimitError: it does not fit.
func (s *Store) Create(board, name string, size int64) (*Dump, error) {
	dir, err := s.folder(board)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most, err := s.room(board, size)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of %s's crash dumps: %w", board, err)
	}
	f, err := os.CreateTemp(dir, partial)
	if err != nil {
		return nil, fmt.Errorf("create a crash dump of %s: %w", board, err)
	}
	s.held[board] += max(most, least)
	return &Dump{s: s, board: board, name: fileName(s.cfg.Clock(), name), file: f, most: most}, nil
}

// room is how many bytes a dump of this size may have. It needs s.mu.
func (s *Store) room(board string, announced int64) (int64, error) {
	used, err := s.used(board)
	if err != nil {
		return 0, err
	}
	free := s.cfg.PerBoard - used - s.held[board]
	switch {
	case announced > s.cfg.File:
		return 0, s.tooLarge()
	case free < least, announced > free:
		return 0, &LimitError{fmt.Sprintf("the crash dumps of %s fill their %s: delete some", board, size(s.cfg.PerBoard))}
	case announced >= 0:
		return announced, nil
	}
	return min(s.cfg.File, free), nil
}

func (s *Store) tooLarge() error {
	return &LimitError{"a crash dump may have " + size(s.cfg.File) + " at most"}
}

// Write takes the next bytes. *LimitError: they are more than were held for the dump.
func (d *Dump) Write(p []byte) (int, error) {
	if d.wrote+int64(len(p)) > d.most {
		if d.most < d.s.cfg.File {
			return 0, &LimitError{fmt.Sprintf("the crash dump is longer than the %d bytes there are for it", d.most)}
		}
		return 0, d.s.tooLarge()
	}
	n, err := d.file.Write(p)
	d.wrote += int64(n)
	if err != nil {
		return n, fmt.Errorf("write a crash dump of %s: %w", d.board, err)
	}
	return n, nil
}

// Keep makes the dump a file that is there, after a crash of the server too, and gives it. Where that fails the dump is
// dropped.
func (d *Dump) Keep() (File, error) {
	err := errors.Join(d.file.Sync(), d.file.Close())
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	defer d.release()
	if err == nil {
		err = d.place()
	}
	if err != nil {
		return File{}, errors.Join(fmt.Errorf("keep a crash dump of %s: %w", d.board, err), os.Remove(d.file.Name()))
	}
	return File{d.name, d.wrote, d.s.cfg.Clock()}, nil
}

// place gives the file a name that no other has. It needs the store's lock.
func (d *Dump) place() error {
	dir, first := filepath.Dir(d.file.Name()), d.name
	for n := 2; ; n++ {
		if _, err := os.Lstat(filepath.Join(dir, d.name)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		if n > 99 {
			return fmt.Errorf("there are %d of %s in this second", n-1, first)
		}
		d.name = fmt.Sprintf("%s-%d", first, n)
	}
	if err := os.Rename(d.file.Name(), filepath.Join(dir, d.name)); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Drop forgets the dump: it broke off.
func (d *Dump) Drop() error {
	err := errors.Join(d.file.Close(), os.Remove(d.file.Name()))
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.release()
	return err
}

// release gives back what was held. It needs the store's lock.
func (d *Dump) release() {
	if d.s.held[d.board] -= max(d.most, least); d.s.held[d.board] <= 0 {
		delete(d.s.held, d.board)
	}
}
