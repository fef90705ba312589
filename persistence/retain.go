package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unique"
)

const (
	// retainEvery bounds how often ages are looked at; a new segment is looked
	// at at once, because only then bytes can pass a cap by much.
	retainEvery = time.Minute
	// steadyFor is how long the wall clock must have run evenly before lines
	// are deleted by their age: a server whose clock starts in 2099, or is set
	// back and forth by a time server gone mad, must not throw its logs away.
	steadyFor = time.Hour
	// jump is how far the wall clock may stray between two looks.
	jump = 5 * time.Minute
)

// retainer is when what must go was last looked for.
type retainer struct {
	due         time.Duration // uptime of the next look
	wall        time.Time     // of the last look; zero = none yet
	up          time.Duration // of the last look
	steadySince time.Duration // uptime since which the wall clock ran evenly
}

// steady takes the time of a look, and says whether ages can be told from it.
func (r *retainer) steady(wall time.Time, up time.Duration) (steady, jumped bool) {
	wall = wall.Round(0) // without Go's own steady reading, which hides jumps
	if !r.wall.IsZero() {
		off := wall.Sub(r.wall) - (up - r.up)
		jumped = off > jump || off < -jump
	}
	if jumped {
		r.steadySince = up
	}
	r.wall, r.up = wall, up
	return up-r.steadySince >= steadyFor, jumped
}

// clean deletes sealed segments by age and bytes, oldest first, and takes
// lines of boards over their cap out of the oldest that hold them, so that
// one board's flood does not push out the others. flush is held.
func (l *FileLogs) clean() {
	up := l.opt.Uptime()
	if up < l.retain.due {
		return
	}
	l.retain.due = up + retainEvery
	now := l.opt.Now()
	steady, jumped := l.retain.steady(now, up)
	if jumped {
		l.opt.Logger.Warn("logs: the clock jumped; nothing is deleted by age for a while", "now", now, "for", steadyFor)
	}
	if err := errors.Join(l.retainBoards(), l.retainWhole(now, steady)); err != nil {
		l.opt.Logger.Error("logs: old lines stay", "folder", l.dir, "err", err)
	}
}

func (l *FileLogs) retainWhole(now time.Time, byAge bool) error {
	total := l.activeSize()
	for _, s := range l.sealed {
		total += s.size
	}
	for i, end := range l.ends(now) {
		oldest := l.sealed[0]
		if (!byAge || now.Sub(end) <= l.opt.MaxAge) && total <= l.opt.MaxBytes && oldest.size > 0 {
			return nil
		}
		if err := oldest.remove(); err != nil {
			return fmt.Errorf("delete log segment %d of %d: %w", i+1, i+len(l.sealed), err)
		}
		total -= oldest.size
		l.sealed = l.sealed[1:]
		l.changes++
	}
	return nil
}

// ends tells when each sealed segment's youngest line came. Stamps from a time
// when the clock was wrong are not believed: none is younger than the segment
// behind it, nor than now, and none is older than the one before it.
func (l *FileLogs) ends(now time.Time) []time.Time {
	ends := make([]time.Time, len(l.sealed))
	limit := now
	for i := len(l.sealed) - 1; i >= 0; i-- {
		if ends[i] = l.sealed[i].last; ends[i].After(now) {
			ends[i] = limit
		}
		limit = ends[i]
	}
	for i := 1; i < len(ends); i++ {
		if ends[i].Before(ends[i-1]) {
			ends[i] = ends[i-1]
		}
	}
	return ends
}

// remove deletes the segment before its index: an index alone is known to be a
// left-over, a segment alone would be read for nothing.
func (s *segment) remove() error {
	for _, path := range []string{s.path, s.indexPath()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (l *FileLogs) activeSize() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.active.size
}

func (l *FileLogs) retainBoards() error {
	bytes := map[unique.Handle[string]]int64{}
	for _, s := range l.sealed {
		for _, e := range s.sealed {
			bytes[e.board] += int64(e.bytes)
		}
	}
	for _, s := range l.sealed {
		over := map[string]bool{}
		for _, e := range s.sealed {
			if bytes[e.board] > l.opt.MaxBoardBytes {
				over[e.board.Value()] = true
				bytes[e.board] -= int64(e.bytes)
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
	fresh.length = fresh.size
	fresh.seal()
	*s = *fresh
	l.changes++
	return s.writeIndex()
}
