package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// lookEvery is how often the leader looks for racks to give.
const lookEvery = 200 * time.Millisecond

// lead grants racks for as long as this server leads; ctx ends it.
func (l *Leases) lead(ctx context.Context, log Log) {
	led := false
	every(ctx, lookEvery, func() {
		leads := log.Leads()
		if leads {
			l.grant(ctx, log, !led)
		}
		led = leads
	})
}

func (l *Leases) grant(ctx context.Context, log Log, won bool) {
	s, err := state(ctx, log)
	if err != nil {
		return // closing, or a disk that the journal itself complains of
	}
	l.mu.Lock()
	if won {
		l.watch.Won(s, l.opt.Clock())
	}
	grants := l.watch.Grants(s, l.opt.Orders(), l.opt.Clock())
	l.mu.Unlock()
	var all sync.WaitGroup
	for _, g := range grants {
		all.Go(func() {
			before := s.Leases[g.Rack].Server
			if err := l.write(ctx, log, g); err != nil {
				l.opt.Logger.Debug("cluster: a rack was not granted", "rack", g.Rack, "to", g.Server, "err", err)
				return
			}
			l.opt.Logger.Info("cluster: rack granted", "rack", g.Rack, "to", g.Server, "before", before, "epoch", g.Epoch)
		})
	}
	all.Wait()
}

// handBack hands racks to preferred servers that have come back for good.
func (l *Leases) handBack(ctx context.Context, log Log, all *sync.WaitGroup) {
	if l.opt.Drain == nil {
		return
	}
	orders := l.opt.Orders()
	for rack := range l.Racks() {
		l.mu.Lock()
		to := l.watch.HandBack(orders[rack], l.opt.Server, l.opt.HoldOff, l.opt.Clock())
		if to == "" || l.handing[rack] {
			l.mu.Unlock()
			continue
		}
		l.handing[rack] = true
		l.mu.Unlock()
		all.Go(func() {
			if err := l.HandOver(ctx, log, rack, to); err != nil {
				l.opt.Logger.Warn("cluster: a rack was not handed over", "rack", rack, "to", to, "err", err)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.handing, rack)
		})
	}
}

// HandOver drains a rack and lets go of it, in favour of a server ("" =
// whoever is first in order). It returns once the log has it, or ctx ends.
func (l *Leases) HandOver(ctx context.Context, log Log, rack, to string) error {
	if l.opt.Drain != nil {
		if err := l.opt.Drain(ctx, rack); err != nil {
			return err
		}
	}
	b := l.book.Load()
	if b == nil {
		return nil
	}
	var r lease.Release
	had := false
	l.telling(b, func() { r, had = b.Release(rack, to) })
	if !had {
		return nil
	}
	for {
		err := l.write(ctx, log, r)
		if err == nil || errors.Is(err, persistence.ErrConflict) { // or lost by now
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return err
		}
	}
}
