package actors

import (
	"fmt"
	"time"

	"mozpool/actors/board"
)

// arm starts the limits of the current visit. They run on the monotonic clock: the stored deadline is for people, and
// for the next start of the server. A timer that fires although it is no longer wanted carries its visit.
func (a *boardActor) arm() {
	a.disarm()
	a.armHealth()
	rules := a.rules(nil)
	a.armed = time.Now()
	a.moved = a.armed
	if a.b.Deadline > 0 {
		a.limit = a.after(time.UnixMilli(a.b.Deadline).Sub(a.f.now()), board.Timeout)
	}
	if d := rules.Silence(&a.b); d > 0 {
		a.stall = a.after(d, board.Stalled)
	}
}

func (a *boardActor) after(d time.Duration, kind board.Kind) *time.Timer {
	f, c, self, visit, armed := a.f, a.c, a.self, a.b.Visit, a.armed
	return time.AfterFunc(max(d, 0), func() {
		if f.ctx.Err() == nil {
			f.root.Send(self, &item{in: board.Input{Kind: kind, Visit: visit, Text: amount(c.view.Load().Progress)}, late: f.beat.late(time.Now()), armed: armed})
		}
	})
}

func (a *boardActor) disarm() {
	for _, t := range []*time.Timer{a.limit, a.stall, a.health} {
		if t != nil {
			t.Stop()
		}
	}
	a.limit, a.stall, a.health = nil, nil, nil
}

// renew restarts the stall limit after evidence that something moves.
func (a *boardActor) renew(in *board.Input) {
	switch in.Kind {
	case board.ArtifactRead, board.Downloads, board.Writes, board.Rebooting, board.TestRunning:
		if in.Bare || in.Token == a.b.Token {
			a.renewStall()
		}
	case board.LineLogged:
		a.renewStall()
	default:
	}
}

func (a *boardActor) renewStall() {
	if a.stall != nil {
		a.moved = time.Now()
		a.stall.Reset(a.rules(nil).Silence(&a.b))
	}
}

// end lets go of everything that belongs to the actor.
func (a *boardActor) end() {
	a.disarm()
	if a.probe != nil {
		a.probe()
	}
	if a.console != nil {
		a.console()
	}
	if a.flight != nil {
		a.flight.item.answer(reply{err: problem(Unavailable, "ask again", "the server is stopping")})
	}
	for _, it := range a.queue {
		it.answer(reply{err: problem(Unavailable, "ask again", "the server is stopping")})
	}
}

// amount says how far a transfer came: "12.0 of 64.0 MiB of disk".
func amount(p Progress) string {
	const mib = 1 << 20
	switch {
	case p.At.IsZero():
		return ""
	case p.Total > 0:
		return fmt.Sprintf("%.1f of %.1f MiB of %s", float64(p.Done)/mib, float64(p.Total)/mib, p.Artifact)
	default:
		return fmt.Sprintf("%.1f MiB of %s", float64(p.Done)/mib, p.Artifact)
	}
}
