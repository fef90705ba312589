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

// handOn hands racks to preferred servers that have come back for good, and those for which this server is of no use to
// one that is.
func (l *Leases) handOn(ctx context.Context, log Log, all *sync.WaitGroup) {
	if l.opt.Drain == nil {
		return
	}
	orders := l.opt.Orders()
	for rack := range l.Racks() {
		to := l.next(rack, orders[rack])
		if to == "" || !l.begins(rack) {
			continue
		}
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

// next is who should have a rack of this server's; "": it stays.
func (l *Leases) next(rack string, order []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.opt.Clock()
	if l.opt.Fit(rack, l.opt.Server) {
		return l.watch.HandBack(order, l.opt.Server, l.opt.HoldOff, now)
	}
	for _, server := range order {
		lives := l.watch.Live(server, now) || l.opt.Heard(server)
		if server != l.opt.Server && lives && l.opt.Fit(rack, server) {
			return server
		}
	}
	return ""
}

// begins notes that a rack is being handed over, unless it is already.
func (l *Leases) begins(rack string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handing[rack] {
		return false
	}
	l.handing[rack] = true
	return true
}

// drainTime is for ending a rack's actors. They have no lease from the release on, so that none that hangs, as on a disk
// that is stuck, does harm.
const drainTime = 5 * time.Second

func (l *Leases) drain(ctx context.Context, rack string) error {
	if l.opt.Drain == nil {
		return nil
	}
	ended := make(chan error, 1)
	go func() { ended <- l.opt.Drain(ctx, rack) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(drainTime):
		l.opt.Logger.Warn("cluster: a rack's actors hang, it is let go of all the same", "rack", rack)
		return nil
	}
}

// HandOver drains a rack and lets go of it, in favour of a server ("" =
// whoever is first in order). It returns once the log has it, or ctx ends.
func (l *Leases) HandOver(ctx context.Context, log Log, rack, to string) error {
	if err := l.drain(ctx, rack); err != nil {
		return err
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
