package persistence

import (
	"context"
	"errors"
	"slices"
)

// MaxLines is how many lines one Query returns at most: the last ones.
const MaxLines = 100_000

// view is a segment as a query began: records beyond size came later.
type view struct {
	segment
	from int64 // offset of the board's last record; -1 = read all
}

// Query implements Logs. Files are read without holding a lock; when one was
// deleted or rewritten meanwhile, or turns out to be harmed, the query begins
// anew.
func (l *FileLogs) Query(ctx context.Context, f Filter) ([]Line, error) {
	if f.Tail <= 0 || f.Tail > MaxLines {
		f.Tail = MaxLines
	}
	mended := map[string]bool{}
	for {
		views, changes, err := l.views(f)
		if err != nil {
			return nil, err
		}
		lines, harmed, err := queryViews(ctx, views, f)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !l.unchanged(changes) {
			continue
		}
		if !errors.Is(err, errTorn) || mended[harmed] {
			return lines, err
		}
		mended[harmed] = true // once: what is still harmed then is an error
		if err := l.mend(harmed); err != nil {
			return nil, err
		}
	}
}

func (l *FileLogs) unchanged(changes uint64) bool {
	l.flush.Lock()
	defer l.flush.Unlock()
	return l.changes == changes
}

// views writes what is pending, so that a query sees each line appended
// before it, and picks the segments that can hold lines for the filter.
func (l *FileLogs) views(f Filter) ([]view, uint64, error) {
	l.flush.Lock()
	defer l.flush.Unlock()
	if l.isClosed() {
		return nil, 0, errLogsClosed
	}
	if err := l.writePending(); err != nil {
		return nil, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var views []view
	for _, s := range l.segments() {
		if v, ok := l.viewOf(s, f); ok {
			views = append(views, v)
		}
	}
	return views, l.changes, nil
}

// segments are all, the oldest first; flush and mu are held.
func (l *FileLogs) segments() []*segment { return append(slices.Clip(l.sealed), l.active) }

func (l *FileLogs) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// viewOf is a segment as it is now, if it can hold lines for the filter; flush
// and mu are held, and what was pending is written.
func (l *FileLogs) viewOf(s *segment, f Filter) (view, bool) {
	v := view{segment{path: s.path, number: s.number, size: s.size}, -1}
	if s == l.active {
		v.size -= int64(len(l.pending))
	}
	if s.last.Before(f.Since) || !f.Until.IsZero() && s.first.After(f.Until) {
		return v, false
	}
	if f.Board == "" {
		return v, v.size > 0
	}
	sh, ok := s.share(f.Board)
	if !ok {
		return v, false
	}
	v.from = sh.last
	if v.from >= v.size || f.Tail >= MaxLines && sh.bytes > s.size/8 {
		v.from = -1 // not yet in the file, or most of it is wanted
	}
	return v, true
}

// queryViews goes from the newest segment back until it has enough. Of an
// error it names the segment.
func queryViews(ctx context.Context, views []view, f Filter) (lines []Line, harmed string, err error) {
	var newestFirst []Line
	for _, v := range slices.Backward(views) {
		lines, err := v.query(ctx, f, f.Tail-len(newestFirst))
		if err != nil {
			return nil, v.path, err
		}
		newestFirst = append(newestFirst, lines...)
		if len(newestFirst) >= f.Tail {
			break
		}
	}
	slices.Reverse(newestFirst)
	return newestFirst, "", nil
}

// query returns the last want lines of one segment, newest first.
func (v view) query(ctx context.Context, f Filter, want int) (lines []Line, err error) {
	if v.from >= 0 {
		err = v.walk(f.Board, v.from, func(l Line) bool {
			if f.fits(l) {
				lines = append(lines, l)
			}
			return len(lines) < want && ctx.Err() == nil
		})
		return lines, err
	}
	err = v.each(v.size, func(l Line, _, _ int64) bool {
		if f.fits(l) {
			lines = append(lines, l)
		}
		return ctx.Err() == nil
	})
	slices.Reverse(lines)
	return lines[:min(want, len(lines))], err
}
