package member

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
)

// docDoors are, by server, where boards reach it.
const docDoors = "cluster-doors"

// announceDoors stores where boards of each rack reach this server, for the scripts that the others make.
func (m *Member) announceDoors(ctx context.Context) error {
	m.telling.Lock()
	now := maps.Clone(m.doors)
	m.telling.Unlock()
	return announceOwn(ctx, m, docDoors, now, maps.Equal[map[string]netip.AddrPort, map[string]netip.AddrPort])
}

// Doors are where boards of a rack reach those of its servers that live, this one among them: the rack's holder first,
// then in the order of preference. A server that has not said where is left out.
func (m *Member) Doors(rack string) []netip.AddrPort {
	order, err := m.order(context.Background(), rack)
	if err != nil {
		return nil // not stored yet, or the journal itself complains
	}
	holder := m.Holder(rack)
	if i := slices.Index(order.Servers, holder); i > 0 {
		order.Servers = slices.Insert(slices.Delete(order.Servers, i, i+1), 0, holder)
	}
	var doors []netip.AddrPort
	for _, server := range order.Servers {
		d, err := m.journal.GetDoc(context.Background(), docDoors, server)
		if err != nil || server != m.cfg.Server && !m.leases.Live(server) {
			continue
		}
		var at map[string]netip.AddrPort
		if json.Unmarshal(d.Data, &at) == nil && at[rack].IsValid() {
			doors = append(doors, at[rack])
		}
	}
	return doors
}
