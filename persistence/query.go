package persistence

import (
	"context"
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
// deleted or rewritten meanwhile, the query begins anew.
func (l *FileLogs) Query(ctx context.Context, f Filter) ([]Line, error) {
	if f.Tail <= 0 || f.Tail > MaxLines {
		f.Tail = MaxLines
	}
	for {
		views, changes, err := l.views(f)
		if err != nil {
			return nil, err
		}
		lines, err := queryViews(ctx, views, f)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if l.unchanged(changes) {
			return lines, err
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
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return nil, 0, errLogsClosed
	}
	if err := l.writePending(); err != nil {
		return nil, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var views []view
	for _, s := range append(slices.Clip(l.sealed), l.active) {
		v := view{segment{path: s.path, size: s.size}, -1}
		if s == l.active {
			v.size -= int64(len(l.pending))
		}
		if s.last.Before(f.Since) {
			continue
		}
		if f.Board != "" {
			sh := s.boards[f.Board]
			if sh == nil {
				continue
			}
			v.from = sh.last
			if v.from >= v.size || f.Tail == MaxLines && sh.bytes > s.size/8 {
				v.from = -1 // not yet in the file, or most of it is wanted
			}
		}
		views = append(views, v)
	}
	return views, l.changes, nil
}

// queryViews goes from the newest segment back until it has enough.
func queryViews(ctx context.Context, views []view, f Filter) ([]Line, error) {
	var newestFirst []Line
	for _, v := range slices.Backward(views) {
		lines, err := v.query(ctx, f, f.Tail-len(newestFirst))
		if err != nil {
			return nil, err
		}
		newestFirst = append(newestFirst, lines...)
		if len(newestFirst) >= f.Tail {
			break
		}
	}
	slices.Reverse(newestFirst)
	return newestFirst, nil
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
