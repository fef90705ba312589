package house

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"mozpool/actors"
	"mozpool/persistence/lease"
)

// again is how often racks that could not be started are looked at anew.
const again = time.Second

// Run starts the actors of the racks that this server is granted and ends those of the racks that it lost, until ctx
// ends; then it ends all of them.
func (h *House) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { h.follow(ctx) })
	tick := time.NewTicker(again)
	defer tick.Stop()
	for ctx.Err() == nil {
		h.tend(ctx)
		select {
		case <-h.cfg.Leases.Changed():
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	h.Stop()
	all.Wait()
	return nil
}

// Stop ends the actors of all racks; nothing reaches a relay after it.
func (h *House) Stop() {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.end()
	for rack := range *h.here.Load() {
		h.finish(rack)
	}
	h.all.Load().Stop()
}

// tend brings the racks that run here in line with those that this server was granted.
func (h *House) tend(ctx context.Context) {
	h.changing.Lock()
	defer h.changing.Unlock()
	granted := h.cfg.Leases.Racks()
	for rack, t := range *h.here.Load() {
		if granted[rack] != t.epoch {
			h.log.Warn("cluster: the rack is another server's now, its actors end", "rack", rack, "epoch", t.epoch)
			h.finish(rack)
		}
	}
	for rack, epoch := range granted {
		if lease.IsDuty(rack) || h.fleet(rack) != nil || h.done[rack] == epoch || h.ending.Err() != nil {
			continue
		}
		if err := h.begin(ctx, rack, epoch); err != nil {
			h.log.Error("cluster: a rack's actors could not be started; that is tried again", "rack", rack, "error", err)
		}
	}
	for _, t := range *h.here.Load() {
		h.readBack(t)
	}
	h.look()
}

// readBack has a rack's relays read back at once and every L while an earlier holder may be late, and once more then: what
// it emits is healed within twice that.
func (h *House) readBack(t *tenure) {
	servers := h.cfg.Leases.Late(t.rack)
	late := len(servers) > 0
	if !late && !t.late || time.Since(t.read) < lease.L-again/2 { // it is looked at once a second
		return
	}
	if late != t.late {
		h.log.Info("cluster: relays are read back while a server that had the rack has not been heard", "rack", t.rack, "servers", servers)
	}
	t.late, t.read = late, time.Now()
	t.fleet.ReadBack()
}

// begin starts a rack's actors. The grant is in this server's own copy, so what the journal has is the last word of
// every holder before.
func (h *House) begin(ctx context.Context, rack string, epoch uint64) error {
	cfg := h.cfg.Fleet
	cfg.Epoch = epoch
	cfg.Lease = func(string) error { return h.acting(rack, epoch) } // the fleet has no other rack
	cfg.Racks = map[string]actors.RackRules{rack: h.cfg.Fleet.Racks[rack]}
	t := &tenure{rack: rack, epoch: epoch, fleet: actors.New(cfg)}
	t.fleet.SetLeaving(h.leaving)
	boards := of(h.specs, rack)
	if err := t.fleet.Load(ctx, boards); err != nil {
		t.fleet.Stop()
		return fmt.Errorf("take up the boards of rack %s: %w", rack, err)
	}
	h.set(rack, t)
	h.cfg.Begun(rack, func() bool { return h.acting(rack, epoch) == nil })
	h.log.Info("cluster: a rack's actors run here", "rack", rack, "epoch", epoch, "boards", len(boards))
	return nil
}

// finish ends a rack's actors.
func (h *House) finish(rack string) {
	t := (*h.here.Load())[rack]
	if t == nil {
		return
	}
	h.cfg.Ended(rack)
	h.set(rack, nil) // whoever asks from now on asks the next holder
	t.fleet.Stop()
}

func (h *House) set(rack string, t *tenure) {
	here := maps.Clone(*h.here.Load())
	delete(here, rack)
	if t != nil {
		here[rack] = t
	}
	h.here.Store(&here)
}

// Drain ends a rack's actors before its lease is let go of. They do not start again under the same lease.
func (h *House) Drain(_ context.Context, rack string) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	t := (*h.here.Load())[rack]
	if t == nil {
		return nil
	}
	h.done[rack] = t.epoch
	h.finish(rack)
	return nil
}
