package actors

import (
	"slices"
	"sync"
	"time"

	"mozpool/actors/board"
)

// crossings look for boards that hang on each other's relays: the relay of B is switched, nothing is heard of B, and
// the loader of C asks although nobody switched C. Once may be chance; twice is proof. It is shared by the actors of a
// rack, decides nothing by itself, and keeps nothing that a restart would miss: the next power cycles tell again.
type crossings struct {
	mu     sync.Mutex
	window time.Duration // after a power-on, in which a loader is expected to ask
	silent map[string]*silence
}

// silence is a board that was given power and of which nothing was heard since.
type silence struct {
	name   string
	relays string // the relay board: slips are made within a chassis
	at     time.Time
	times  int            // power-ons
	others map[string]int // boards that asked instead, by id: after how many power-ons
	asked  map[string]int // the power-on after which each asked last
	names  map[string]string
}

// crossWindow is how long after a power-on another board's asking is put down to it.
const crossWindow = 30 * time.Second

func newCrossings(window time.Duration) *crossings {
	return &crossings{window: window, silent: make(map[string]*silence)}
}

// powered notes that a board's relay was switched on at.
func (c *crossings) powered(id, name, relays string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.silent[id]
	if s == nil {
		s = &silence{name: name, relays: relays, others: make(map[string]int), asked: make(map[string]int), names: make(map[string]string)}
		c.silent[id] = s
	}
	s.at = at
	s.times++
}

// heard notes that a board spoke, or that nobody waits for it to speak any more. It gives the boards that were held for
// its sake, and for no other's.
func (c *crossings) heard(id string) (free []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.silent[id]
	if s == nil {
		return nil
	}
	delete(c.silent, id)
	for other := range s.others {
		if !c.isHeld(other) {
			free = append(free, other)
		}
	}
	return free
}

// asked notes that the loader of a board asked that nobody had switched, and gives the name of a board whose relay may
// have done it; empty: none.
func (c *crossings) asked(id, name, relays string, at time.Time) (by string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for of, s := range c.silent {
		if of == id || s.relays != relays || at.Sub(s.at) > c.window {
			continue
		}
		if s.asked[id] != s.times { // once for each power-on
			s.asked[id] = s.times
			s.others[id]++
			s.names[id] = name
		}
		by = s.name
	}
	return by
}

// suspicion gives the board that asked after the last power-on of a board that is silent to this day, and after how
// many of its power-ons it did.
func (c *crossings) suspicion(id string) (other, name string, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.silent[id]
	if s == nil {
		return "", "", 0
	}
	for o, n := range s.others {
		if s.asked[o] == s.times && n > times {
			other, name, times = o, s.names[o], n
		}
	}
	return other, name, times
}

// held says whether a board is not to be cut, since another's relay may cut it.
func (c *crossings) held(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isHeld(id)
}

func (c *crossings) isHeld(id string) bool {
	for _, s := range c.silent {
		if s.others[id] > 0 {
			return true
		}
	}
	return false
}

// crossedTimes are the power-ons after which two boards count as crossed.
const crossedTimes = 2

// cross adds to an input what the rack has seen of other boards.
func (a *boardActor) cross(in *board.Input) {
	sw, err := a.f.switchOf(a.spec)
	if err != nil || sw.Manual() {
		return
	}
	c := a.f.rack(a.spec.Rack).crossings
	switch {
	case in.Kind == board.LoaderAsked && unswitched(&a.b):
		in.Crossed = c.asked(a.c.id, a.spec.Name, sw.Board, a.f.now())
	case in.Kind == board.Timeout && (a.b.State == board.Booting || a.b.State == board.Restarting):
		_, name, times := c.suspicion(a.c.id)
		in.Crossed, in.Confirmed = name, times >= crossedTimes
	}
}

// unswitched says whether a board's loader has no reason to ask.
func unswitched(b *board.Board) bool {
	switch b.State {
	case board.Cutting, board.Powering, board.Booting, board.Restarting, board.Maintenance:
		return false
	case board.Waiting:
		return b.WaitsFor(board.ForRelay)
	default:
		return true
	}
}

// hearken tells the rack whether the board was heard, once it is durable what came of it.
func (a *boardActor) hearken(from board.Board, in *board.Input) {
	c := a.f.rack(a.spec.Rack).crossings
	b := &a.b
	switch {
	case in.Kind == board.PowerIsOn && from.Visit != b.Visit && b.State.Working():
		if sw, err := a.f.switchOf(a.spec); err == nil {
			c.powered(a.c.id, a.spec.Name, sw.Board, a.f.now())
		}
	case in.Confirmed && b.State == board.FailedPower:
		a.crossed(in.Crossed)
	case b.State.Rest(), !b.Silent():
		a.f.letGo(c.heard(a.c.id))
	}
}

// letGo sends boards on that were held for the sake of another.
func (f *Fleet) letGo(ids []string) {
	for _, id := range ids {
		if v := f.ByID(id); v != nil && v.Board.WaitsFor(board.ForRelay) {
			f.release(v)
		}
	}
}

// crossed reports this board and the one that its relay switches. Neither is switched again before a person has looked.
func (a *boardActor) crossed(name string) {
	c := a.f.rack(a.spec.Rack).crossings
	other, _, _ := c.suspicion(a.c.id)
	a.f.reportCrossed(a.spec.Rack, a.spec.Name, name)
	// Those that asked by chance after one of its power-ons are held for nothing.
	a.f.letGo(slices.DeleteFunc(c.heard(a.c.id), func(id string) bool { return id == other }))
	a.f.send(other, &item{in: board.Input{Kind: board.Miswired, Text: "it comes up when the relay of " + a.spec.Name + " is switched"}})
}

// reportCrossed opens the incident of two boards.
func (f *Fleet) reportCrossed(rack, one, other string) {
	f.beginIncident(Incident{Kind: IncidentCrossed, Subject: pair(one, other), Rack: rack, Boards: []string{one, other},
		Text:   "the relay of " + one + " switches " + other + " instead",
		Remedy: "mozpool rack check-wiring " + rack + " shows which relay switches which board; correct their power in the inventory"})
}

// pair names two boards, whichever was found first.
func pair(a, b string) string {
	if b < a {
		a, b = b, a
	}
	return a + " and " + b
}
