package access

import (
	"sync"
	"time"
)

const (
	freeGuesses  = 10               // unknown tokens from an address before it is told to wait
	guessEvery   = 10 * time.Second // after which one more is free again
	maxAddresses = 4096             // remembered at once
)

// guesses counts unknown tokens by address. Each address has a bucket that fills with each guess and leaks one each
// guessEvery.
type guesses struct {
	mu sync.Mutex
	by map[string]bucket
}

type bucket struct {
	n    float64
	last time.Time
}

func newGuesses() *guesses { return &guesses{by: make(map[string]bucket)} }

// add counts a guess, and says whether the address has to wait.
func (g *guesses) add(from string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, known := g.by[from]
	if !known && len(g.by) >= maxAddresses {
		g.sweep(now)
	}
	b.n = max(0, b.n-leaked(b, now)) + 1
	b.last = now
	full := b.n > freeGuesses
	b.n = min(b.n, freeGuesses+1) // who stops guessing is not kept waiting for hours
	g.by[from] = b
	return full
}

func leaked(b bucket, now time.Time) float64 {
	return max(0, float64(now.Sub(b.last))/float64(guessEvery))
}

// sweep forgets addresses that have waited long enough, or else everybody: memory is bounded whatever comes.
func (g *guesses) sweep(now time.Time) {
	for from, b := range g.by {
		if leaked(b, now) >= b.n {
			delete(g.by, from)
		}
	}
	if len(g.by) >= maxAddresses {
		clear(g.by)
	}
}
