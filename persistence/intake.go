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
	}
	b.at = now // also when the clock was set back, else the board is mute until it has caught up
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
	switch {
	case l.closed:
		return l.lose(lostClosed, 1)
	case int64(len(l.pending)) >= l.opt.Buffer:
		return l.lose(lostFull, 1)
	case !l.admit(line.Board, now):
		return l.lose(lostFlood, 1)
	}
	l.opt.Metrics.line()
	l.pending = l.active.add(l.pending, line)
	l.waiting++
	if int64(len(l.pending)) > l.opt.Buffer/2 && !l.opt.lazy {
		select {
		case l.half <- struct{}{}:
		default: // poked already
		}
	}
	for f := range l.follows {
		f.offer(line)
	}
	return true
}

// lose counts lines that are given up; mu is held. It is always false.
func (l *FileLogs) lose(why lost, lines uint64) bool {
	l.dropped += lines
	l.opt.Metrics.dropped(why, lines)
	return false
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
