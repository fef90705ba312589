package house

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"mozpool/actors"
)

const (
	aboutLate = "late" // what the actors of boards know that no journal has
	aboutWhy  = "why"  // what a board waits for

	lateFor  = time.Second            // so old may be what is shown of boards elsewhere
	lateWait = 300 * time.Millisecond // so long a reader waits for it; a server that is slower is asked again by the next
	owedWait = time.Second            // so long a reader waits to see what was answered here
	owedLook = 2 * time.Millisecond   // between two looks whether it is there
)

// late is what this server shows of boards elsewhere beside its copy of the journal.
type late struct {
	boards atomic.Pointer[map[string]overlaid] // by name
	asking sync.Mutex                          // held by the one who asks
	asked  time.Time                           // of the last time; asking is held

	mu   sync.Mutex
	owed map[string]uint64 // by board: the sequence of a change that somebody was told of here, until the copy has it
}

// overlaid is a board as the journal has it, and with what its actor knows beside that.
type overlaid struct{ base, shown *actors.View }

// volatile is what the actor of a board knows that no journal has. It is of one visit.
type volatile struct {
	Name     string          `json:"name"`
	Visit    uint64          `json:"visit"`
	Progress actors.Progress `json:"progress,omitzero"`
	Health   actors.Health   `json:"health,omitzero"`
	Queue    int             `json:"queue,omitempty"`
}

// Freshen brings what is shown of boards of other servers up to date, as far as that takes no longer than a second:
// somebody who was answered here sees what came of it, of the board with that name, or of all (""); progress, health and
// queues are no older than a second if the server that knows them answers.
func (h *House) Freshen(ctx context.Context, name string) {
	h.catchUp(ctx, name)
	if !h.late.asking.TryLock() {
		return // somebody asks, and what is there is a second old
	}
	defer h.late.asking.Unlock()
	if h.late.asked.IsZero() || time.Since(h.late.asked) >= lateFor {
		h.askLate(ctx)
		h.late.asked = time.Now()
	}
}

// owe notes that somebody was told of a change of a board that is elsewhere.
func (h *House) owe(name string, seq uint64) {
	if seq == 0 || !h.behind(name, seq) {
		return
	}
	h.late.mu.Lock()
	defer h.late.mu.Unlock()
	h.late.owed[name] = max(h.late.owed[name], seq)
}

func (h *House) behind(name string, seq uint64) bool {
	v := h.ByName(name)
	return v != nil && v.Seq < seq
}

// catchUp waits until this server's copy of the journal has what it owes.
func (h *House) catchUp(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, owedWait)
	defer cancel()
	for h.owes(name) {
		select {
		case <-time.After(owedLook):
		case <-ctx.Done():
			h.late.mu.Lock()
			clear(h.late.owed) // the copy is far behind: nobody else waits for the same
			h.late.mu.Unlock()
			return
		}
	}
}

// owes forgets what has come, and says whether something is missing still.
func (h *House) owes(name string) bool {
	h.late.mu.Lock()
	defer h.late.mu.Unlock()
	for n, seq := range h.late.owed {
		if (name == "" || n == name) && !h.behind(n, seq) {
			delete(h.late.owed, n)
		}
	}
	return len(h.late.owed) > 0 && (name == "" || h.late.owed[name] > 0)
}

// askLate asks all other holders for what only they know.
func (h *House) askLate(ctx context.Context) {
	all := make(map[string]overlaid)
	h.askAll(ctx, h.holdersElsewhere(), lateWait, aboutLate, struct{}{}, func(r *reply) {
		for _, l := range r.Late {
			if base := h.all.Load().ByName(l.Name); base != nil && base.Board.Visit == l.Visit {
				shown := *base
				shown.Progress, shown.Health, shown.Queue, shown.At = l.Progress, l.Health, l.Queue, h.now()
				all[l.Name] = overlaid{base, &shown}
			}
		}
	})
	h.late.boards.Store(&all)
}

// lateHere answers another server.
func (h *House) lateHere() (r reply) {
	for _, t := range *h.here.Load() {
		for _, v := range t.fleet.Views() {
			if v.Progress != (actors.Progress{}) || v.Health != (actors.Health{}) || v.Queue != 0 {
				r.Late = append(r.Late, volatile{v.Spec.Name, v.Board.Visit, v.Progress, v.Health, v.Queue})
			}
		}
	}
	return r
}
