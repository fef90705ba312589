package house

import (
	"context"
	"sync"

	"mozpool/persistence"
)

// feed carries changes from the journal, which must not wait, to the boards that are shown. Their order is kept.
type feed struct {
	mu      *sync.Mutex
	changes []persistence.Change
	reread  bool
	news    chan struct{}
	showing *sync.Mutex // held while changes are shown, or the boards are made anew
}

func newFeed() feed {
	return feed{mu: new(sync.Mutex), news: make(chan struct{}, 1), showing: new(sync.Mutex)}
}

func (f *feed) add(c persistence.Change) {
	f.mu.Lock()
	f.changes = append(f.changes, c)
	f.mu.Unlock()
	poke(f.news)
}

// lost notes that changes were missed.
func (f *feed) lost() {
	f.mu.Lock()
	f.reread = true
	f.mu.Unlock()
	poke(f.news)
}

func (f *feed) take() (changes []persistence.Change, reread bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changes, reread = f.changes, f.reread
	f.changes, f.reread = nil, false
	return changes, reread
}

// hold keeps changes back until release.
func (f *feed) hold() (release func()) {
	f.showing.Lock()
	return f.showing.Unlock
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// follow shows what the journal carries out, until ctx ends.
func (h *House) follow(ctx context.Context) {
	for {
		select {
		case <-h.feed.news:
		case <-ctx.Done():
			return
		}
		changes, reread := h.feed.take()
		if reread {
			h.changing.Lock()
			specs := h.specs
			h.changing.Unlock()
			if err := h.Load(ctx, specs); err != nil {
				h.log.Error("the boards cannot be read again", "error", err)
				h.feed.lost()
			}
		}
		release := h.feed.hold()
		for _, c := range changes {
			h.all.Load().Follow(c)
		}
		release()
	}
}
