// Package events keeps the last things that happened to boards, for whoever follows them.
//
// It decides in which order events are seen, how many are kept, and what a reader is told that comes back too late. It
// refuses to wait for anybody: Publish stores into a ring and wakes the readers, each of which reads at its own pace;
// one that is slower than the ring is long is told how many it has lost. Nothing here is durable: a board's history is
// in the journal, and after a restart readers are told to look at the boards again.
//
// The fleet publishes, package httpapi and the webhooks read.
package events

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	v1 "mozpool/httpapi/v1"
)

// kept is how many events are there for readers that come back: a rack of 1,000 boards imaged at once makes 8,000.
const kept = 16384

// Hub is the ring. It is safe for all goroutines.
type Hub struct {
	run string // names this process in ids, so that those of another are known as such

	mu   sync.Mutex
	ring []v1.BoardEvent
	next uint64        // number of the next event, from 1
	news chan struct{} // closed at the next event
}

// New makes a hub without events.
func New() *Hub { return newHub(kept) }

func newHub(size int) *Hub {
	return &Hub{run: strings.ToLower(rand.Text()[:8]), ring: make([]v1.BoardEvent, size), next: 1, news: make(chan struct{})}
}

// Publish adds an event, and never waits. Its ID is set here.
func (h *Hub) Publish(e v1.BoardEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.ID = h.id(h.next)
	h.ring[h.next%uint64(len(h.ring))] = e
	h.next++
	close(h.news)
	h.news = make(chan struct{})
}

func (h *Hub) id(n uint64) string { return h.run + "-" + strconv.FormatUint(n, 10) }

// Reader reads from a place of its own. It belongs to one goroutine.
type Reader struct {
	hub *Hub
	at  uint64 // number of the event that it reads next
}

// Now is a reader of what comes.
func (h *Hub) Now() *Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &Reader{h, h.next}
}

// Kept is a reader of everything that is still there, and of what comes.
func (h *Hub) Kept() *Reader { return &Reader{h, 1} }

// After is a reader of what came after the event with an id. ok false: the id is none of this process, and the reader
// reads everything that is there.
func (h *Hub) After(id string) (r *Reader, ok bool) {
	run, number, _ := strings.Cut(id, "-")
	n, err := strconv.ParseUint(number, 10, 63)
	h.mu.Lock()
	defer h.mu.Unlock()
	if run != h.run || err != nil || n >= h.next {
		return &Reader{h, 1}, false
	}
	return &Reader{h, n + 1}, true
}

// Next returns the next event, if there is one now. lost is how many were dropped before it, because the reader was
// slower than they came.
func (r *Reader) Next() (e v1.BoardEvent, lost uint64, ok bool) {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	h := r.hub
	size := uint64(len(h.ring))
	if h.next > size && r.at < h.next-size {
		lost = h.next - size - r.at
		r.at = h.next - size
	}
	if r.at >= h.next {
		return e, lost, false
	}
	e = h.ring[r.at%size]
	r.at++
	return e, lost, true
}

// News is closed once there is an event that Next has not returned yet.
func (r *Reader) News() <-chan struct{} {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	if r.at < r.hub.next {
		return closed
	}
	return r.hub.news
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Wait returns the next event, as soon as there is one. The error is that of ctx.
func (r *Reader) Wait(ctx context.Context) (e v1.BoardEvent, lost uint64, err error) {
	for {
		if e, n, ok := r.Next(); ok {
			return e, lost + n, nil
		}
		select {
		case <-r.News():
		case <-ctx.Done():
			return e, lost, ctx.Err()
		}
	}
}
