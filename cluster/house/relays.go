package house

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"mozpool/actors"
	"mozpool/cluster/ask"
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
func (h *House) relaysElsewhere() [][]actors.RelayView {
	ctx, cancel := context.WithTimeout(h.ending, gather)
	defer cancel()
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
	var mu sync.Mutex
	var lists [][]actors.RelayView
	var all sync.WaitGroup
	for holder := range holders {
		all.Go(func() {
			var r reply
			if err := h.cfg.Peers.Ask(ctx, holder, ask.Question{Subject: aboutRelays, Body: []byte("{}")}, &r); err != nil {
				return // its relay boards are listed as unknown
			}
			mu.Lock()
			defer mu.Unlock()
			lists = append(lists, r.Relays)
		})
	}
	all.Wait()
	return lists
}
