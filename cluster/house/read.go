package house

import (
	"context"
	"net/netip"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// Views are all boards, sorted by name: those of racks that run here as their actors see them, the others as the
// journal has them, with the progress that Freshen asked for.
func (h *House) Views() []*actors.View {
	views := h.all.Load().Views()
	for i, v := range views {
		views[i] = h.live(v)
	}
	return views
}

// live is the board as its actor shows it, if that runs here, or as far as its server told.
func (h *House) live(v *actors.View) *actors.View {
	if v == nil {
		return nil
	}
	if f := h.fleet(v.Spec.Rack); f != nil {
		if w := f.ByName(v.Spec.Name); w != nil {
			return h.dated(w)
		}
	}
	if l := h.late.boards.Load(); l != nil {
		if o, ok := (*l)[v.Spec.Name]; ok && o.base == v {
			return h.dated(o.shown)
		}
	}
	return h.dated(v)
}

// find asks the racks that run here first: what they published may not be in the journal's copy yet.
func (h *House) find(by func(*actors.Fleet) *actors.View) *actors.View {
	for _, t := range *h.here.Load() {
		if v := by(t.fleet); v != nil {
			return v
		}
	}
	return h.live(by(h.all.Load()))
}

// ByName finds a board; nil: none.
func (h *House) ByName(name string) *actors.View { return h.live(h.all.Load().ByName(name)) }

// ByMAC finds a board by the MAC address that it boots from; nil: none.
func (h *House) ByMAC(mac inventory.MAC) *actors.View { return h.live(h.all.Load().ByMAC(mac)) }

// ByToken finds a board by the token of a boot; nil: no boot that is remembered had it.
func (h *House) ByToken(t board.Token) *actors.View {
	return h.find(func(f *actors.Fleet) *actors.View { return f.ByToken(t) })
}

// ByAddress finds a board by its address; nil: none.
func (h *House) ByAddress(a netip.Addr) *actors.View {
	return h.find(func(f *actors.Fleet) *actors.View { return f.ByAddress(a) })
}

// Strangers are the MAC addresses that asked this server for a boot entry and belong to no board.
func (h *House) Strangers() []actors.Stranger { return h.all.Load().Strangers() }

// Stranger notes that a MAC address of no board asked for a boot entry.
func (h *House) Stranger(mac inventory.MAC, from netip.Addr, rack string) {
	h.all.Load().Stranger(mac, from, rack)
}

// shown is the fleet that knows most of a board.
func (h *House) shown(name string) *actors.Fleet {
	if v := h.all.Load().ByName(name); v != nil {
		if f := h.fleet(v.Spec.Rack); f != nil && f.ByName(name) != nil {
			return f
		}
	}
	return h.all.Load()
}

// Attempts are the last attempts of a board that have ended, newest first; 0: all that are kept.
func (h *House) Attempts(ctx context.Context, name string, limit int) ([]actors.Attempt, error) {
	return h.shown(name).Attempts(ctx, name, limit)
}

// History are the last transitions of a board, oldest first; 0: all that are kept.
func (h *House) History(ctx context.Context, name string, limit int) ([]actors.Event, error) {
	return h.shown(name).History(ctx, name, limit)
}
