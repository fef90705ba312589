package netboot

import (
	"net/netip"
	"sync"
	"time"
)

const (
	perSource = 64   // transfers at once of one address; boards behind a NAT share theirs
	inAll     = 4096 // transfers at once
	askedFor  = 10 * time.Second
	heardFor  = 5 * time.Second
	maxRecent = 8192
)

// limiter bounds what goes on at once, per source and in all, so that a forged source address is sent little.
type limiter struct {
	mu        sync.Mutex
	perSource int
	inAll     int
	sources   map[netip.Addr]int
	all       int
}

func newLimiter(perSource, inAll int) *limiter {
	return &limiter{perSource: perSource, inAll: inAll, sources: make(map[netip.Addr]int)}
}

// enter says whether one more may begin; every true is followed by one leave.
func (l *limiter) enter(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.inAll || l.sources[a] >= l.perSource {
		return false
	}
	l.all++
	l.sources[a]++
	return true
}

func (l *limiter) leave(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.sources[a]--; l.sources[a] == 0 {
		delete(l.sources, a)
	}
}

// recent remembers keys for a while. A request that is sent again because its answer was lost is one request.
type recent struct {
	mu   sync.Mutex
	keep time.Duration
	seen map[string]time.Time
}

func newRecent(keep time.Duration) *recent {
	return &recent{keep: keep, seen: make(map[string]time.Time)}
}

// first says whether the key was not seen within the time; it is seen now.
func (r *recent) first(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.seen[key]; ok && now.Sub(at) < r.keep && now.Sub(at) >= 0 {
		return false
	}
	if len(r.seen) >= maxRecent {
		r.drop(now)
	}
	r.seen[key] = now
	return true
}

// drop forgets what is old, or everything where nothing is: memory is bounded, and the cost is a doubled line.
func (r *recent) drop(now time.Time) {
	for k, at := range r.seen {
		if now.Sub(at) >= r.keep {
			delete(r.seen, k)
		}
	}
	if len(r.seen) >= maxRecent {
		clear(r.seen)
	}
}
