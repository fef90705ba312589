package persistence

import (
	"errors"
	"fmt"
	"os"
)

// Sync implements Logs: it writes what is pending, syncs, begins a new
// segment where the old one is full, and deletes what need not be kept. Nobody
// who writes or reads waits for the disk meanwhile: a slow sync would fill the
// buffer, and its lines would be dropped.
func (l *FileLogs) Sync() error {
	l.flush.Lock()
	err := l.writePending()
	f := l.file
	l.flush.Unlock()
	if err != nil {
		return err
	}
	// A segment that was ended meanwhile was synced then.
	if err := l.fsync(f); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("sync log segment %s: %w", f.Name(), err)
	}
	l.flush.Lock()
	defer l.flush.Unlock()
	l.clean()
	return nil
}

// writeHalf makes room in the buffer without waiting for the disk to sync.
func (l *FileLogs) writeHalf() error {
	l.flush.Lock()
	defer l.flush.Unlock()
	return l.writePending()
}

// writePending moves the buffer to the file; flush is held. After a failed
// write the lines of the buffer are given up and counted: half of them may be
// in the file, so the index is read from it again.
func (l *FileLogs) writePending() error {
	l.mu.Lock()
	batch, active := l.pending, l.active
	offset := active.size - int64(len(batch))
	l.pending, l.spare = l.spare[:0], nil
	l.writing, l.waiting = l.waiting, 0
	var old *os.File
	var err error
	if l.full(active) {
		old = l.file
		err = l.rotate()
	}
	l.mu.Unlock()
	if err != nil {
		l.opt.Logger.Error("logs: no new segment, the full one grows", "folder", l.dir, "err", err)
		old = nil
	}
	target := l.file
	if old != nil {
		target = old
	}
	if _, err := target.WriteAt(batch, offset); err != nil {
		return errors.Join(l.giveUp(active, target, offset, err), closeOld(old))
	}
	l.spare = batch[:0]
	if old == nil {
		return nil
	}
	return errors.Join(closeOld(old), l.sealOld(active))
}

// sealOld ends a segment that is wholly in its file.
func (l *FileLogs) sealOld(s *segment) error {
	s.length = s.size
	s.seal()
	if err := s.writeIndex(); err != nil {
		return fmt.Errorf("log segment %s stays without index: %w", s.path, err)
	}
	return nil
}

// full: a segment ends by size, or by age so that its oldest lines can go.
func (l *FileLogs) full(s *segment) bool {
	aged := s.size > 0 && l.opt.Uptime()-s.begun > l.opt.MaxAge/14
	return aged || s.size >= l.opt.SegmentBytes
}

// rotate begins a new segment; flush and mu are held.
func (l *FileLogs) rotate() error {
	next := newSegment(l.dir, l.active.number+1)
	next.begun = l.opt.Uptime()
	f, err := os.OpenFile(next.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("begin log segment: %w", err)
	}
	l.sealed = append(l.sealed, l.active)
	l.active, l.file = next, f
	l.retain.due = 0 // a segment more: look at once
	return nil
}

func closeOld(f *os.File) error {
	if f == nil {
		return nil
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("close log segment %s: %w", f.Name(), err)
	}
	return nil
}

// giveUp brings a segment's index back to what its file holds.
func (l *FileLogs) giveUp(s *segment, f *os.File, size int64, cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := f.Truncate(size)
	fresh, scanErr := scanSegment(l.dir, s.number)
	if scanErr == nil {
		if s != l.active {
			fresh.seal() // without index beside it; the next opening makes one
		}
		*s = *fresh
	}
	l.lose(lostDisk, l.writing)
	if s == l.active { // later lines built on the index that is gone
		l.pending = l.pending[:0]
		l.lose(lostDisk, l.waiting)
		l.waiting = 0
	}
	return errors.Join(fmt.Errorf("write log segment %s: %w", s.path, cause), err, scanErr)
}
