package lease

import (
	"maps"
	"slices"

	"mozpool/persistence"
)

// Late knows, at one server, who may emit one more command for a rack that was
// granted away from it: a process stopped between check and write, of which
// nothing has been heard since. It learns from that server's copy of the log.
// Not for several goroutines.
type Late struct {
	leases map[string]Lease
	owners map[string]map[string]uint64 // by rack: server → incarnation
}

// NewLate knows of nobody.
func NewLate() *Late {
	return &Late{leases: map[string]Lease{}, owners: map[string]map[string]uint64{}}
}

// Know is for a copy that was not observed from the start, or that was
// replaced: what happened in between is not known, so that every other server
// of a rack may have had it. orders names those; one that lives is heard soon.
func (l *Late) Know(s State, orders map[string][]string) {
	for rack, now := range s.Leases {
		if now.Epoch <= l.leases[rack].Epoch {
			continue
		}
		l.leases[rack] = now
		for _, server := range orders[rack] {
			if i := s.Sessions[server].Incarnation; server != now.Server && i > 0 {
				l.doubt(rack, server, i)
			}
		}
	}
}

func (l *Late) doubt(rack, server string, incarnation uint64) {
	if l.owners[rack] == nil {
		l.owners[rack] = map[string]uint64{}
	}
	l.owners[rack][server] = incarnation
}

// Observe learns from an op that was carried out.
func (l *Late) Observe(op persistence.Op, answer error) {
	if answer != nil {
		return
	}
	switch op := op.(type) {
	case Renew:
		for rack, owners := range l.owners {
			if i, known := owners[op.Server]; known && op.Incarnation >= i {
				delete(owners, op.Server) // it is awake and has heard of the grant, or its process is over
			}
			if len(owners) == 0 {
				delete(l.owners, rack)
			}
		}
	case Release:
		if before, known := l.leases[op.Rack]; known {
			before.Released = true
			l.leases[op.Rack] = before
		}
	case Grant:
		before, known := l.leases[op.Rack]
		if !known && op.Epoch > 1 {
			return // of what was before it Know tells
		}
		over := before.Server == "" || before.Released || op.From.Incarnation > before.Incarnation
		if !over && before.Server != op.Server {
			l.doubt(op.Rack, before.Server, before.Incarnation)
		}
		l.leases[op.Rack] = Lease{Rack: op.Rack, Server: op.Server, Incarnation: op.Incarnation, Epoch: op.Epoch}
	}
}

// Servers may emit one more command for a rack, sorted.
func (l *Late) Servers(rack string) []string {
	return slices.Sorted(maps.Keys(l.owners[rack]))
}
