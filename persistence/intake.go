package persistence

import "time"

// bucket limits one board: it fills with time and each line takes one.
type bucket struct {
	level float64
	at    time.Time
}

// take reports whether a line may pass.
func (b *bucket) take(now time.Time, rate, burst int) bool {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level = min(float64(burst), b.level+passed*float64(rate))
		b.at = now
	}
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// Append implements Logs. A zero At becomes now.
func (l *FileLogs) Append(line Line) bool {
	line = line.tidy()
	now := l.opt.Now()
	if line.At.IsZero() {
		line.At = now
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || int64(len(l.pending)) >= l.opt.Buffer || !l.admit(line.Board, now) {
		l.dropped++
		return false
	}
	l.pending = l.active.add(l.pending, line)
	l.waiting++
	for f := range l.follows {
		f.offer(line)
	}
	return true
}

func (l *FileLogs) admit(board string, now time.Time) bool {
	b := l.rates[board]
	if b == nil {
		b = &bucket{level: float64(l.opt.BoardBurst), at: now}
		l.rates[board] = b
	}
	return b.take(now, l.opt.BoardRate, l.opt.BoardBurst)
}

// Dropped implements Logs.
func (l *FileLogs) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}
