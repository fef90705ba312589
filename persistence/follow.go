package persistence

import (
	"context"
	"time"
)

// followRoom is how many lines a follower may lag behind.
const followRoom = 1024

// follower is one running Follow. lost is guarded by FileLogs.mu.
type follower struct {
	filter Filter
	lines  chan followed
	lost   uint64
}

type followed struct {
	line Line
	lost uint64
}

// offer hands over a line, or counts it as lost. FileLogs.mu is held.
func (f *follower) offer(l Line) {
	if !f.filter.fits(l) {
		return
	}
	select {
	case f.lines <- followed{l, f.lost}:
		f.lost = 0
	default:
		f.lost++
	}
}

// Follow implements Logs.
func (l *FileLogs) Follow(ctx context.Context, filter Filter, fn func(l Line, lost uint64) bool) error {
	f := &follower{filter: filter, lines: make(chan followed, followRoom)}
	f.filter.Since, f.filter.Until = time.Time{}, time.Time{}
	if !l.addFollower(f) {
		return errLogsClosed
	}
	defer l.removeFollower(f)
	for {
		select {
		case got, ok := <-f.lines:
			if !ok {
				return errLogsClosed
			}
			if !fn(got.line, got.lost) {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *FileLogs) addFollower(f *follower) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.follows[f] = struct{}{}
	return true
}

func (l *FileLogs) removeFollower(f *follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.follows, f)
}
