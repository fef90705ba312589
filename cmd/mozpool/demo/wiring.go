package demo

import (
	"sync"

	"mozpool/netboot/boardsim"
)

// wiring is the cables from relay boards to boards. Relay boards are there first, since the inventory names their
// ports, and boards last, since they have to know the server's; until then it remembers who has no power.
type wiring struct {
	mu     sync.Mutex
	boards *boardsim.Rack // nil: not plugged in yet
	off    map[boardsim.Place]bool
	// swapped are places whose boards hang on each other's relays.
	swapped map[boardsim.Place]boardsim.Place
}

// switched carries the power of a relay to the board behind it.
func (w *wiring) switched(p boardsim.Place, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other, ok := w.swapped[p]; ok {
		p = other
	}
	if w.boards != nil {
		w.boards.Switch(p, on)
		return
	}
	if w.off == nil {
		w.off = make(map[boardsim.Place]bool)
	}
	w.off[p] = !on
}

// plug connects the boards. Those whose relay lets it through have power from now on.
func (w *wiring) plug(boards *boardsim.Rack) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.boards = boards
	for i := range boards.Boards {
		if p := boardsim.PlaceOf(i, perRelayBoard); !w.off[p] {
			boards.Switch(p, true)
		}
	}
}
