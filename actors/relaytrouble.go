package actors

import (
	"errors"
	"time"

	"mozpool/relayproto"
	"mozpool/relayproto/power"
)

// RelayLimits say when failures of a relay board are an incident of the relay board, and no longer the boards' own.
type RelayLimits struct {
	Sessions int           // connections in a row that brought no sign of life; 0: 3
	Boards   int           // boards that were to be switched meanwhile; 0: 2
	Window   time.Duration // or for how long, however few the boards; 0: 30 s
	Test     time.Duration // how often an idle relay board is asked for a sign of life; 0: never
}

func (l RelayLimits) orDefault() RelayLimits {
	if l.Sessions <= 0 {
		l.Sessions = 3
	}
	if l.Boards <= 0 {
		l.Boards = 2
	}
	if l.Window <= 0 {
		l.Window = 30 * time.Second
	}
	return l
}

// relayTrouble is what went wrong with a relay board since it last gave a sign of life.
type relayTrouble struct {
	sessions int
	since    time.Time // of the first; zero: none
	boards   map[string]bool
}

// failed notes a connection without a sign of life, and the boards that waited for it.
func (t *relayTrouble) failed(now time.Time, boards []string) {
	if t.sessions == 0 {
		*t = relayTrouble{since: now, boards: make(map[string]bool)}
	}
	t.sessions++
	for _, b := range boards {
		t.boards[b] = true
	}
}

// well forgets it all.
func (t *relayTrouble) well() { *t = relayTrouble{} }

// incident says whether this is an incident: not of one board, and not over within a moment.
func (t *relayTrouble) incident(l RelayLimits, now time.Time) bool {
	return t.sessions >= l.Sessions && (len(t.boards) >= l.Boards || now.Sub(t.since) >= l.Window)
}

// pause is how long a relay board in trouble is left alone, beside its rest.
func (t *relayTrouble) pause(scale func(time.Duration) time.Duration) time.Duration {
	return min(scale(500*time.Millisecond)<<min(t.sessions, 7), scale(relayBackoff))
}

const relayBackoff = 30 * time.Second // at most between two tries of an unreachable relay board

// wired says whether a failed exchange may have reached the relay.
func wired(err error) bool {
	for _, never := range []error{relayproto.ErrHeld, relayproto.ErrUnreachable, relayproto.ErrRefused, power.ErrCannot} {
		if errors.Is(err, never) {
			return false
		}
	}
	return err != nil
}
