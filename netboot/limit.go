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

// Enter says whether one more may begin; every true is followed by one Leave.
func (l *limiter) Enter(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.inAll || l.sources[a] >= l.perSource {
		return false
	}
	l.all++
	l.sources[a]++
	return true
}

// Leave gives a place back.
func (l *limiter) Leave(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.sources[a]--; l.sources[a] == 0 {
		delete(l.sources, a)
	}
}

// recent remembers keys for a while. A request that is sent again because its answer was lost is one request. It keeps two
// generations of at most half of maxRecent keys, so that memory and the time of a call are bounded, however many come.
type recent struct {
	mu    sync.Mutex
	keep  time.Duration
	young map[string]time.Time
	old   map[string]time.Time
}

func newRecent(keep time.Duration) *recent {
	return &recent{keep: keep, young: make(map[string]time.Time)}
}

// first says whether the key was not seen within the time; it is seen now.
func (r *recent) first(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.young[key]
	if !ok {
		at, ok = r.old[key]
	}
	if age := now.Sub(at); ok && age >= 0 && age < r.keep {
		return false
	}
	if len(r.young) >= maxRecent/2 {
		r.old, r.young = r.young, make(map[string]time.Time)
	}
	r.young[key] = now
	return true
}
