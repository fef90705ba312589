package house

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"mozpool/actors"
)

// gather bounds how long a list waits for other servers.
const gather = time.Second

// RelayUnknown is the state of a relay board whose server has not answered.
const RelayUnknown = "unknown"

// Relays are all relay boards, asked for at the servers that hold their racks. Those of a rack whose holder does not
// answer are listed too, as unknown.
func (h *House) Relays() []actors.RelayView {
	all := h.relaysHere()
	have := make(map[string]bool)
	for _, more := range h.relaysElsewhere() {
		all = append(all, more...)
	}
	for _, r := range all {
		have[r.Name] = true
	}
	for _, r := range h.all.Load().Relays() {
		if have[r.Name] {
			continue
		}
		r.State, r.Error = RelayUnknown, "the server that holds its rack has not answered"
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b actors.RelayView) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (h *House) relaysHere() (all []actors.RelayView) {
	for _, t := range *h.here.Load() {
		all = append(all, t.fleet.Relays()...)
	}
	return all
}

// relaysElsewhere asks every other holder once, all at the same time.
func (h *House) relaysElsewhere() (lists [][]actors.RelayView) {
	h.askAll(h.ending, h.holdersElsewhere(), gather, aboutRelays, struct{}{}, func(r *reply) { lists = append(lists, r.Relays) })
	return lists // of a server that did not answer they are listed as unknown
}

// holdersElsewhere are the servers that hold racks, without this one.
func (h *House) holdersElsewhere() []string {
	racks, holders := make(map[string]bool), make(map[string]bool)
	for _, v := range h.all.Load().Views() {
		racks[v.Spec.Rack] = true
	}
	for rack := range racks {
		if h.fleet(rack) == nil {
			holders[h.cfg.Peers.Holder(rack)] = true
		}
	}
	delete(holders, "")
	delete(holders, h.cfg.Server)
	return slices.Collect(maps.Keys(holders))
}
