package actors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"mozpool/actors/board"
	"mozpool/persistence"
)

// flight is the one change of a board that is on its way to the journal.
type flight struct {
	item    *item
	kind    board.Kind
	in      board.Input
	change  persistence.Change
	res     board.Result
	tries   int
	open    bool    // a try may have been stored: only a plain answer settles it, not a later try that was turned away
	instead *flight // of a limit, which may be stored: this takes its place if it is not; nil: none
}

func newFlight(a *boardActor, it *item, in board.Input, res board.Result) *flight {
	c := persistence.Change{Board: a.c.id, Rack: a.f.leased(a.spec.Rack), Epoch: a.f.cfg.Epoch, PrevSeq: a.seq, Record: encode(res.Board)}
	if res.Board.Visit != a.b.Visit {
		c.Event = event(a.b, in.Kind, &res, in.Now)
	}
	if it.inputs != nil {
		c.Inputs = it.inputs.Raw
	}
	if res.Ended {
		c.Attempt = &persistence.Attempt{Number: uint64(res.Board.Attempt), Summary: summary(a.b, &res, in.Now)}
	}
	return &flight{item: it, kind: in.Kind, in: in, change: c, res: res}
}

// commit sends the change to the journal; its answer comes back as a message. The change goes on although the asker
// has given up, for it may be stored already.
func (a *boardActor) commit(fl *flight) {
	fl.tries++
	self, f := a.self, a.f
	go func() {
		ctx, cancel := context.WithTimeout(f.ctx, commitLimit)
		defer cancel()
		err := f.cfg.Journal.Commit(ctx, fl.change)
		f.root.Send(self, &committed{fl, err})
	}()
}

// landed takes the journal's answer.
func (a *boardActor) landed(m *committed) {
	if m.flight != a.flight {
		return
	}
	fl := m.flight
	switch {
	case m.err == nil:
		a.flight = nil
		a.adopt(fl)
		fl.item.answer(reply{result: fl.res})
	case errors.Is(m.err, persistence.ErrUnknown), fl.open && errors.Is(m.err, persistence.ErrUnavailable):
		fl.open = true
		// It may be there: no effect may leave, and nothing else be tried, until the journal has said which.
		fl.item.answer(reply{err: problem(Unavailable, "ask again: it may have been done", "the journal has not answered for board %s", a.spec.Name)})
		if a.limits(fl.kind) {
			a.withdraw(fl)
			return
		}
		a.later(fl.tries, &again{fl})
		return
	case errors.Is(m.err, persistence.ErrUnavailable):
		a.refused(fl, m.err)
	case errors.Is(m.err, persistence.ErrConflict) && fl.instead != nil:
		a.askJournal()
		return
	case errors.Is(m.err, persistence.ErrConflict):
		a.f.log.Error("the journal has another state of the board; taking that up", "board", a.spec.Name, "input", fl.kind, "error", m.err)
		fl.item.answer(reply{err: problem(Unavailable, "ask again", "board %s is being read again", a.spec.Name)})
		a.askJournal()
		return
	default:
		a.f.log.Error("a change was refused by the journal", "board", a.spec.Name, "input", fl.kind, "error", m.err)
		a.flight = nil
		fl.item.answer(reply{err: fmt.Errorf("store board %s: %w", a.spec.Name, m.err)})
	}
	if fl.open || m.err != nil {
		a.spareQueued()
	}
	a.drain()
}

// refused ends a change that was certainly not stored. Whoever waits for an answer is told to come again; what
// nobody will repeat (an answer of the relay) is tried again by ourselves, so the board loses nothing; a limit begins anew.
func (a *boardActor) refused(fl *flight, err error) {
	a.flight = nil
	a.renew(&fl.in)
	if fl.item.reply != nil || fl.item.inputs != nil {
		fl.item.answer(reply{err: problem(Unavailable, "try again later, or make room on the server's disk", "nothing can be stored: %v", err)})
		return
	}
	if fl.item.tries++; fl.item.tries == 1 {
		a.f.log.Warn("the journal stores nothing; the board waits", "board", a.spec.Name, "input", fl.kind, "error", err)
	}
	if a.limits(fl.kind) {
		a.run(&item{in: board.Input{Kind: board.Unheard}})
		return
	}
	a.later(fl.item.tries, fl.item)
}

// drain runs what queued up, until the next change is in flight.
func (a *boardActor) drain() {
	for a.flight == nil && len(a.queue) > 0 {
		it := a.queue[0]
		a.queue = a.queue[1:]
		a.run(it)
	}
}

// later sends the actor a message after a pause that grows with tries, 100 ms to 2 s.
func (a *boardActor) later(tries int, msg any) {
	self, f := a.self, a.f
	time.AfterFunc(min(100*time.Millisecond<<min(tries, 5), 2*time.Second), func() {
		if f.ctx.Err() == nil {
			f.root.Send(self, msg)
		}
	})
}

// askJournal reads the board again, while the change in flight keeps all other inputs waiting.
func (a *boardActor) askJournal() {
	self, f, id := a.self, a.f, a.c.id
	go func() {
		ctx, cancel := context.WithTimeout(f.ctx, commitLimit)
		defer cancel()
		m := &reloaded{err: fmt.Errorf("the journal does not have board %s", id)}
		for s, err := range f.cfg.Journal.Load(ctx, id) {
			if err != nil {
				m.err = err
				break
			}
			if s.Board == id {
				m.stored, m.err = s, nil
				break
			}
		}
		f.root.Send(self, m)
	}()
}

// reload takes the board up as the journal has it, as after a restart.
func (a *boardActor) reload(m *reloaded) {
	b, err := board.Board{}, m.err
	if err == nil {
		b, err = decodeBoard(m.stored.Record)
	}
	if err != nil {
		a.f.log.Error("the board cannot be read again", "board", a.spec.Name, "error", err)
		self, f, fl := a.self, a.f, a.flight
		time.AfterFunc(commitLimit, func() {
			if f.ctx.Err() == nil {
				f.root.Send(self, &committed{fl, persistence.ErrConflict})
			}
		})
		return
	}
	if a.flight.change.PrevSeq == m.stored.Seq {
		a.later(1, &committed{a.flight, persistence.ErrConflict}) // this server's copy is behind: the journal has more
		return
	}
	if fl := a.flight.instead; fl != nil && m.stored.Seq == fl.change.PrevSeq+1 && bytes.Equal(m.stored.Record, fl.change.Record) {
		a.flight = nil
		a.adopt(fl)
		a.drain()
		return
	}
	a.b, a.seq, a.flight = b, m.stored.Seq, nil
	a.spec = exchanged(a.listed, b.Exchange)
	a.run(&item{in: board.Input{Kind: board.Resume}})
	a.arm()
	a.publish()
	a.spareQueued()
	a.drain()
}
