package actors

import (
	"slices"
	"sync/atomic"
	"time"

	"mozpool/actors/board"
)

// A limit is a guess from silence: the board said nothing, so it is dead. It is a bad guess while the server is the one
// that hears and stores nothing, be it without a majority, with a disk that stands still, or stopped itself. A limit ends a
// visit only if the journal takes it at once; else it is as if it had not run out, and begins anew.

// limits says whether an input is a limit of a working board that ran out.
func (a *boardActor) limits(kind board.Kind) bool {
	return (kind == board.Timeout || kind == board.Stalled) && a.b.State.Working()
}

// spares says whether a limit that ran out ends nothing.
func (a *boardActor) spares(it *item) bool {
	switch {
	case !a.limits(it.in.Kind) || it.in.Visit != a.b.Visit:
		return false
	case it.in.Kind == board.Stalled && time.Since(a.moved) < a.rules(nil).Silence(&a.b):
		return true // something moved while it was on its way or in the queue; its timer runs anew
	case it.in.Kind == board.Timeout && !it.armed.IsZero() && !it.armed.Equal(a.armed):
		return true // the limit was begun anew while it was on its way or in the queue
	case it.late, a.f.held(a.spec.Rack) != nil, a.f.beat.lapsed(a.spec.Rack, a.began(it.in.Kind)):
		a.run(&item{in: board.Input{Kind: board.Unheard}})
		return true
	}
	return false
}

// began is when a limit began that runs out now.
func (a *boardActor) began(kind board.Kind) time.Time {
	if kind == board.Stalled {
		return a.moved
	}
	return a.armed
}

// spareQueued takes limits out of the queue that ran out while nothing could be stored.
func (a *boardActor) spareQueued() {
	n := len(a.queue)
	a.queue = slices.DeleteFunc(a.queue, func(it *item) bool { return a.limits(it.in.Kind) && it.in.Visit == a.b.Visit })
	if len(a.queue) < n {
		a.queue = slices.Insert(a.queue, 0, &item{in: board.Input{Kind: board.Unheard}})
	}
}

// withdraw sends a change that leaves the board where it is in place of one of a limit, which may be stored: both follow
// the same one, so the journal takes the first that comes to it and turns the other away, and says by that which it was.
func (a *boardActor) withdraw(fl *flight) {
	in := board.Input{Kind: board.Unheard, Now: a.f.now(), Rules: a.rules(nil)}
	a.flight = newFlight(a, &item{in: in}, in, board.Step(a.b, in))
	a.flight.open, a.flight.instead = true, fl
	a.commit(a.flight)
}

const (
	pulseEvery = 500 * time.Millisecond
	pulseLate  = 5 * time.Second // so long after the last beat the process did not run; a busy machine is not that late
)

// pulse is when this process is known to have run last, and to have been without the lease of a rack, in nanoseconds since
// the fleet was made.
type pulse struct {
	born    time.Time
	last    atomic.Int64
	without map[string]*atomic.Int64 // by rack; the map does not change
}

// late says whether the process did not run for a while before now.
func (p *pulse) late(now time.Time) bool {
	return now.Sub(p.born)-time.Duration(p.last.Load()) > pulseLate
}

// lapsed says whether a rack's lease was lost for a moment since then: a limit that ran while nothing could be stored is
// no better for running out just after that.
func (p *pulse) lapsed(rack string, since time.Time) bool {
	last, ok := p.without[rack]
	return ok && last.Load() > int64(since.Sub(p.born))
}

// feel notes which racks are not held now.
func (f *Fleet) feel(now time.Time) {
	for rack, last := range f.beat.without {
		if f.held(rack) != nil {
			last.Store(int64(now.Sub(f.beat.born)))
		}
	}
}

// beats watches that this process runs. One that was stopped wakes with limits that ran out while it had no ears, and with
// others that are about to: all begin anew. Stop ends it.
func (f *Fleet) beats() {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for f.ctx.Err() == nil {
		now := time.Now()
		if f.beat.late(now) {
			f.stoodStill()
		}
		f.beat.last.Store(int64(now.Sub(f.beat.born)))
		f.feel(now)
		select {
		case <-tick.C:
		case <-f.ctx.Done():
		}
	}
}

// stoodStill begins the limits of all boards anew.
func (f *Fleet) stoodStill() {
	f.log.Warn("this server stood still; the limits of its boards begin anew")
	for _, v := range f.Views() {
		f.send(v.Spec.ID, &item{in: board.Input{Kind: board.Unheard}})
	}
}
