package actors

import (
	"sync"

	"mozpool/actors/inventory"
)

// heard is a loader that asked for its entry.
type heard struct {
	mac  inventory.MAC
	name string // of the board; empty: it is none
}

// ears lets others listen to the loaders of a rack.
type ears struct {
	mu  sync.Mutex
	all map[chan heard]struct{}
}

// listen hears every loader from now on, until stop is called. One that listens too slowly misses some.
func (e *ears) listen() (said <-chan heard, stop func()) {
	c := make(chan heard, 256)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil {
		e.all = make(map[chan heard]struct{})
	}
	e.all[c] = struct{}{}
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.all, c)
	}
}

// hear passes on that a loader asked; it never waits.
func (e *ears) hear(h heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.all {
		select {
		case c <- h:
		default:
		}
	}
}
