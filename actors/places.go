package actors

import (
	"slices"
	"sync"
	"time"
)

// places are a rack's power budget: how many of its boards may be between power-on and live environment at once.
// Boards that find none free queue by the time since which they wait. It is shared by the actors of a rack, and never
// held across anything slow. Where the network loses boots there are fewer places for a while (additive increase,
// multiplicative decrease, as TCP does it).
type places struct {
	mu    sync.Mutex
	most  int       // places by configuration
	room  float64   // places by what the network bears, from fewest to most
	since time.Time // it was narrowed last
	held  map[string]bool
	queue []waiter
	admit func(id string) // tells a board that a place is held for it
}

type waiter struct {
	id    string
	since int64
}

func newPlaces(limit int, admit func(id string)) *places {
	return &places{most: limit, room: float64(limit), held: make(map[string]bool), admit: admit}
}

// fewest places are left by a network that loses boots.
const fewest = 2

// narrowEvery is how often the budget is narrowed at most: boards that boot together are lost together.
const narrowEvery = 30 * time.Second

func (p *places) limit() int { return int(p.room) }

// lost takes a quarter of the places away: the network has lost a board between power-on and the written image.
func (p *places) lost(now time.Time, every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.since.IsZero() && now.Sub(p.since) < every && now.After(p.since) {
		return
	}
	p.since = now
	p.room = max(p.room*3/4, float64(min(fewest, p.most)))
}

// came gives a part of a place back: a board has all that it needs of the network. As many as there are places give one.
func (p *places) came() {
	p.mu.Lock()
	p.room = min(p.room+1/max(p.room, 1), float64(p.most))
	admitted := p.grant()
	p.mu.Unlock()
	for _, id := range admitted {
		p.admit(id)
	}
}

// has says whether a place is held for the board.
func (p *places) has(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[id]
}

// take holds a place for the board if one is free and nobody queues before it.
func (p *places) take(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[id] {
		return true
	}
	if len(p.held) >= p.limit() || len(p.queue) > 0 && p.queue[0].id != id {
		return false
	}
	p.drop(id)
	p.held[id] = true
	return true
}

// settle brings the budget in line with what the board is doing now: it holds a place, or queues since then, or
// neither. A board that came up already powered (after a restart) may hold one beyond the limit.
func (p *places) settle(id string, holds, queues bool, since int64) {
	p.mu.Lock()
	switch {
	case holds:
		p.drop(id)
		p.held[id] = true
	case queues:
		delete(p.held, id)
		p.enqueue(id, since)
	default:
		delete(p.held, id)
		p.drop(id)
	}
	admitted := p.grant()
	p.mu.Unlock()
	for _, id := range admitted {
		p.admit(id)
	}
}

// position is the board's place in the queue, from 1; 0: not queued.
func (p *places) position(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.IndexFunc(p.queue, func(w waiter) bool { return w.id == id }) + 1
}

// load is how many places there are, how many are held, and how many boards queue.
func (p *places) load() (limit, held, queued int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit(), len(p.held), len(p.queue)
}

// grant holds places for those at the head of the queue; the caller tells them.
func (p *places) grant() (ids []string) {
	for len(p.queue) > 0 && len(p.held) < p.limit() {
		id := p.queue[0].id
		p.queue = p.queue[1:]
		p.held[id] = true
		ids = append(ids, id)
	}
	return ids
}

func (p *places) drop(id string) {
	p.queue = slices.DeleteFunc(p.queue, func(w waiter) bool { return w.id == id })
}

func (p *places) enqueue(id string, since int64) {
	if slices.ContainsFunc(p.queue, func(w waiter) bool { return w.id == id }) {
		return
	}
	i := slices.IndexFunc(p.queue, func(w waiter) bool { return w.since > since })
	if i < 0 {
		i = len(p.queue)
	}
	p.queue = slices.Insert(p.queue, i, waiter{id, since})
}
