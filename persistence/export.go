package persistence

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Export implements Logs. One segment is open at a time; it is opened under
// the lock, so that it stays whole when it is deleted or rewritten meanwhile.
func (l *FileLogs) Export(ctx context.Context, f Filter, fn func(l Line) bool) error {
	f.Tail = MaxLines
	goOn := true
	for after := uint64(0); goOn; {
		v, file, err := l.nextView(after, f)
		if err != nil || file == nil {
			return err
		}
		after = v.number
		err = eachRecord(file, v.size, func(line Line, _, _ int64) bool {
			if f.fits(line) {
				goOn = fn(line)
			}
			return goOn && ctx.Err() == nil
		})
		_ = file.Close() // only read
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, errTorn) {
			err = l.mend(v.path) // what is before the harm was given out
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nextView opens the first segment behind a number that can hold lines for the
// filter. The file is nil when there is none.
func (l *FileLogs) nextView(after uint64, f Filter) (view, *os.File, error) {
	l.flush.Lock()
	defer l.flush.Unlock()
	if l.isClosed() {
		return view{}, nil, errLogsClosed
	}
	if err := l.writePending(); err != nil {
		return view{}, nil, err
	}
	v, ok := l.findView(after, f)
	if !ok {
		return v, nil, nil
	}
	file, err := os.Open(v.path)
	if err != nil {
		return v, nil, fmt.Errorf("read log segment: %w", err)
	}
	return v, file, nil
}

func (l *FileLogs) findView(after uint64, f Filter) (view, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments() {
		if s.number <= after {
			continue
		}
		if v, ok := l.viewOf(s, f); ok {
			return v, true
		}
	}
	return view{}, false
}
