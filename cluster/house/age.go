package house

import (
	"maps"
	"time"

	"mozpool/actors"
	"mozpool/persistence/lease"
)

// AsOf is how old what is known here of a rack's boards is: the moment when whoever acts for the rack was heard last, or, of
// a server that begins and has not caught up yet, the last of which it knows anything. Zero: whoever acts is heard, or it is
// this server, so what is shown is what is.
func (h *House) AsOf(rack string) time.Time { return (*h.ages.Load())[rack] }

// look notes of which racks the holder is silent. A renewal that this server's copy of the journal has carried out says
// that it has all which that holder stored before.
func (h *House) look() {
	old := *h.ages.Load()
	if current := h.cfg.Leases.Current(); !current {
		h.lookBack()
		return
	} else if !h.current {
		h.current, old = true, nil
	}
	now, seen := make(map[string]time.Time), make(map[string]bool)
	for _, s := range h.specs {
		if seen[s.Rack] {
			continue // who holds a rack is read from the journal
		}
		seen[s.Rack] = true
		if silent := h.cfg.Leases.Silent(h.holder(s.Rack)); silent >= lease.Silence {
			now[s.Rack] = h.now().Add(-silent).Round(time.Second)
			if at, known := old[s.Rack]; known {
				now[s.Rack] = at // clocks may have been set since
			}
		}
	}
	h.dates(now)
}

func (h *House) dates(now map[string]time.Time) {
	if !maps.Equal(*h.ages.Load(), now) {
		h.ages.Store(&now)
	}
}

// lookBack dates all racks by the last change that this server's copy of the journal has.
func (h *House) lookBack() {
	h.current = false
	var last int64
	for _, v := range h.all.Load().Views() {
		if v.Seq > 0 {
			last = max(last, v.Board.Since)
		}
	}
	now := make(map[string]time.Time)
	for _, s := range h.specs {
		if last == 0 {
			break // it knows nothing that could be old
		}
		now[s.Rack] = time.UnixMilli(last).UTC().Round(time.Second)
	}
	h.dates(now)
}

// holder is who acts for a rack. What nobody holds changes by nobody's hand, so it is as old as what this server hears.
func (h *House) holder(rack string) string {
	if server := h.cfg.Peers.Holder(rack); server != "" {
		return server
	}
	return h.cfg.Server
}

// dated is a board with the age of what is known of it.
func (h *House) dated(v *actors.View) *actors.View {
	at := h.AsOf(v.Spec.Rack)
	if at.IsZero() {
		return v
	}
	old := *v
	old.AsOf = at
	return &old
}
