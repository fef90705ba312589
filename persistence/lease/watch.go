package lease

import (
	"maps"
	"slices"
	"time"

	"mozpool/persistence"
)

// Watch is the leader's count of silence. Every server keeps one, so that it
// knows the sessions when it comes to lead. Not for several goroutines.
type Watch struct {
	heard  map[string]time.Duration // when the last renewal was carried out here
	since  map[string]time.Duration // how long a server has been heard without a gap
	looked time.Duration            // when Grants was last asked
}

// NewWatch knows of nobody.
func NewWatch() *Watch {
	return &Watch{heard: map[string]time.Duration{}, since: map[string]time.Duration{}}
}

// Renewed notes that a renewal was carried out on this server's copy at now.
func (w *Watch) Renewed(server string, now time.Duration) {
	if last, known := w.heard[server]; !known || now-last > Silence {
		w.since[server] = now
	}
	w.heard[server] = now
}

// Observe is Renewed for whoever sees all ops.
func (w *Watch) Observe(op persistence.Op, answer error, now time.Duration) {
	if r, ok := op.(Renew); ok && answer == nil {
		w.Renewed(r.Server, now)
	}
}

// Won begins to count anew, on winning leadership: what the leader before
// heard last is not known here.
func (w *Watch) Won(s State, now time.Duration) {
	for server := range s.Sessions {
		w.heard[server] = now
	}
	w.looked = now
}

// Live reports whether a server was heard within Silence.
func (w *Watch) Live(server string, now time.Duration) bool {
	heard, known := w.heard[server]
	return known && now-heard < Silence
}

// Grants says which racks the leader gives to whom at now. orders names for
// each rack the servers that may serve it, the preferred first. It is asked
// several times a second; after a pause it counts anew, since it cannot tell
// its own silence from the others'.
func (w *Watch) Grants(s State, orders map[string][]string, now time.Duration) (grants []Grant) {
	if now-w.looked > Pause {
		w.Won(s, now)
	}
	w.looked = now
	for _, rack := range slices.Sorted(maps.Keys(orders)) {
		l := s.Leases[rack]
		if !w.vacant(s, l, now) {
			continue
		}
		if to := w.choose(s, l, orders[rack], now); to != "" {
			grants = append(grants, Grant{
				Rack: rack, Server: to, Incarnation: s.Sessions[to].Incarnation,
				Epoch: l.Epoch + 1, From: s.Sessions[l.Server],
			})
		}
	}
	return grants
}

// vacant: nobody had it, its holder let go, its holder's process is over, or
// it was silent for too long.
func (w *Watch) vacant(s State, l Lease, now time.Duration) bool {
	return l.Server == "" || l.Released || s.Sessions[l.Server].Incarnation > l.Incarnation || !w.Live(l.Server, now)
}

// choose takes whom the last holder named; else its own next process, which
// knows the rack; else the first that lives.
func (w *Watch) choose(s State, l Lease, order []string, now time.Duration) string {
	first := l.To
	if first == "" && !l.Released {
		first = l.Server
	}
	for _, server := range append([]string{first}, order...) {
		if slices.Contains(order, server) && s.Sessions[server].Incarnation > 0 && w.Live(server, now) {
			return server
		}
	}
	return ""
}

// HandBack says to whom the holder of a rack should hand it: the first server
// before it in the order that has been heard without a gap for holdOff, so
// that one that comes and goes does not take the rack along. "" = nobody.
func (w *Watch) HandBack(order []string, holder string, holdOff, now time.Duration) string {
	for _, server := range order {
		if server == holder {
			return ""
		}
		if w.Live(server, now) && now-w.since[server] >= holdOff {
			return server
		}
	}
	return ""
}
