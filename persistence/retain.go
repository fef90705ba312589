package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// retainEvery bounds how often ages are looked at; a new segment is looked at
// at once, because only then bytes can pass a cap by much.
const retainEvery = time.Minute

// retain deletes sealed segments by age and bytes, oldest first, and takes
// lines of boards over their cap out of the oldest that hold them, so that
// one board's flood does not push out the others. flush is held.
func (l *FileLogs) retain() {
	now := l.opt.Now()
	if !l.retained.IsZero() && now.Sub(l.retained) < retainEvery {
		return
	}
	l.retained = now
	if err := errors.Join(l.retainBoards(), l.retainWhole(now)); err != nil {
		l.opt.Logger.Error("logs: old lines stay", "folder", l.dir, "err", err)
	}
}

func (l *FileLogs) retainWhole(now time.Time) error {
	total := l.activeSize()
	for _, s := range l.sealed {
		total += s.size
	}
	for len(l.sealed) > 0 {
		oldest := l.sealed[0]
		if now.Sub(oldest.last) <= l.opt.MaxAge && total <= l.opt.MaxBytes && oldest.size > 0 {
			return nil
		}
		if err := os.Remove(oldest.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("delete log segment: %w", err)
		}
		total -= oldest.size
		l.sealed = l.sealed[1:]
		l.changes++
	}
	return nil
}

func (l *FileLogs) activeSize() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.active.size
}

func (l *FileLogs) retainBoards() error {
	bytes := map[string]int64{}
	for _, s := range l.sealed {
		for board, sh := range s.boards {
			bytes[board] += sh.bytes
		}
	}
	for _, s := range l.sealed {
		over := map[string]bool{}
		for board, sh := range s.boards {
			if bytes[board] > l.opt.MaxBoardBytes {
				over[board] = true
				bytes[board] -= sh.bytes
			}
		}
		if len(over) == 0 {
			continue
		}
		if err := l.rewrite(s, over); err != nil {
			return err
		}
	}
	return nil
}

// rewrite replaces a sealed segment by one without some boards' lines.
func (l *FileLogs) rewrite(s *segment, without map[string]bool) error {
	fresh := newSegment(l.dir, s.number)
	var buf []byte
	err := s.each(s.size, func(line Line, _, _ int64) bool {
		if !without[line.Board] {
			buf = fresh.add(buf, line)
		}
		return true
	})
	if err == nil {
		err = writeFileSynced(filepath.Join(l.dir, filepath.Base(s.path)), buf)
	}
	if err != nil {
		return fmt.Errorf("take boards over their cap out of %s: %w", s.path, err)
	}
	*s = *fresh
	l.changes++
	return nil
}
