package persistence

import (
	"fmt"
	"syscall"

	"github.com/dgraph-io/badger/v4"
)

// checkSpace keeps Badger away from a disk that is full, or nearly.
func (s *localStore) checkSpace() error {
	return s.spaceFor(s.opt.MinFree)
}

func (s *localStore) spaceFor(least uint64) error {
	free, err := s.opt.freeSpace(s.dir)
	if err != nil {
		return fmt.Errorf("%w: ask for free space in %s: %w", ErrUnavailable, s.dir, err)
	}
	if free < least {
		return fmt.Errorf("%w: disk full: %d MiB are free in %s, %d are needed; make room, no restart is needed",
			ErrUnavailable, free>>20, s.dir, least>>20)
	}
	return nil
}

// FreeSpace is how many bytes a user without privileges may still write to the disk of a folder.
func FreeSpace(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// broken marks the store after a commit that failed. Its memory now holds
// what its disk may not: a repeat of the change would be found "already
// there" and answered although it was never synced. And a hole in the
// write-ahead log cuts off all that is appended after it at the next start.
func (s *localStore) broken(cause error) {
	s.log.Error("journal: commit failed, store is reopened before the next write", "folder", s.dir, "err", cause)
	s.suspect = true
}

// heal ends that state: a close without error has put everything that is in
// memory into synced tables and the next open begins a new write-ahead log.
// A close that fails, or a store that is not open, leaves it suspect, and the
// next write tries again. Readers wait meanwhile.
func (s *localStore) heal() error {
	if !s.suspect {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var closing error
	if s.db != nil {
		closing = s.db.Close()
		s.db = nil
	}
	db, err := s.reopen(closing)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s.db, s.suspect = db, false
	s.log.Info("journal: store reopened, all is well", "folder", s.dir)
	return nil
}

// reopen opens the store. After a close that failed the log was replayed from
// what the kernel remembers, so it takes a clean close more to trust it.
func (s *localStore) reopen(closing error) (*badger.DB, error) {
	db, err := s.openBadger()
	if err != nil || closing == nil {
		return db, err
	}
	if err := db.Close(); err != nil {
		return nil, fmt.Errorf("close journal in %s: %w", s.dir, err)
	}
	return s.openBadger()
}
