package actors

import (
	"slices"
	"time"

	"mozpool/actors/board"
)

// line is what waits for a relay board, and what its relays did last. It decides what the open connection does next:
// it is kept while boards that were cut on it are about to ask for their power back, so that a chassis goes off as one,
// is dark once, and comes on as one.
type line struct {
	ops     []*powerOp
	seq     uint64
	dark    time.Duration // at least, between off and on of one board
	linger  time.Duration // how long an "on" is waited for after its "off"
	born    time.Time     // what was switched before is not known
	offAt   map[Switch]time.Time
	back    map[Switch]time.Time // boards on this connection whose next op is about to come, and until when they are waited for
	lastOn  time.Time
	opened  time.Time // the connection; zero: none
	atMost  time.Duration
	lastGap time.Duration
}

// sessionAge is how long a connection takes on new work; sessionLimit ends it in the middle of some.
const (
	sessionLimit = 20 * time.Second
	sessionAge   = 15 * time.Second
)

func newLine(now time.Time, dark, linger time.Duration) *line {
	return &line{dark: dark, linger: linger, born: now, offAt: make(map[Switch]time.Time), back: make(map[Switch]time.Time), atMost: sessionAge}
}

// add queues an op in place of what the same board, or the same person's order, asked for before.
func (l *line) add(o *powerOp) {
	if o.id != "" {
		l.drop(func(p *powerOp) bool { return p.id == o.id })
	}
	l.seq++
	o.seq = l.seq
	l.ops = append(l.ops, o)
	if o.do == board.MakeOn || o.do == board.Cycle {
		delete(l.back, o.sw)
	}
}

func (l *line) drop(gone func(*powerOp) bool) { l.ops = slices.DeleteFunc(l.ops, gone) }

// open begins a connection.
func (l *line) open(now time.Time) {
	l.opened = now
	clear(l.back)
}

// readyAt is when an op may be done.
func (l *line) readyAt(o *powerOp) time.Time {
	if o.do != board.MakeOn {
		return l.opened
	}
	at, known := l.offAt[o.sw]
	if !known {
		at = l.born // it may have been cut by a process before this one
	}
	at = at.Add(l.dark)
	if next := l.lastOn.Add(max(o.gap, l.lastGap)); !l.lastOn.IsZero() && next.After(at) {
		at = next
	}
	return at
}

// pick takes the next op out of the line. nil with a wait: nothing may be done before it is over. nil and 0: close the
// connection.
func (l *line) pick(now time.Time) (*powerOp, time.Duration) {
	if now.Sub(l.opened) > l.atMost {
		return nil, 0
	}
	var best *powerOp
	var wait time.Duration
	for _, o := range l.ops {
		if d := l.readyAt(o).Sub(now); d > 0 {
			wait = sooner(wait, d)
		} else if best == nil || o.before(best) {
			best = o
		}
	}
	if best != nil {
		l.drop(func(o *powerOp) bool { return o == best })
		return best, 0
	}
	for _, until := range l.back {
		if d := until.Sub(now); d > 0 {
			wait = sooner(wait, d)
		}
	}
	return nil, wait
}

func sooner(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// done notes what a relay does now.
func (l *line) done(o *powerOp, now time.Time) {
	switch o.do {
	case board.MakeOff:
		l.offAt[o.sw] = now
		if o.then {
			l.back[o.sw] = now.Add(l.linger)
		}
	case board.MakeOn:
		delete(l.offAt, o.sw)
		l.lastOn, l.lastGap = now, o.gap
		if o.sw.Cycles { // that was only its being found alive
			l.back[o.sw] = now.Add(l.linger)
		}
	default:
	}
}
