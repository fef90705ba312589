package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
)

// session is one connection to a relay board, used by one goroutine. It asks the relay board's actor for each thing to
// do, so that whatever comes in meanwhile shares it. The first exchange that goes wrong ends it: the byte stream may be
// out of step.
type session struct {
	f    *Fleet
	self *actor.PID
	to   Switch // any relay of the relay board
	rack string
}

// run connects, works and closes.
func (s *session) run() {
	err := s.work()
	s.say(&sessionOver{err})
}

// say tells the relay board's actor, which is gone once the server stops.
func (s *session) say(msg any) {
	if s.f.ctx.Err() == nil {
		s.f.root.Send(s.self, msg)
	}
}

// work gives an error only if the relay board gave no sign of life.
func (s *session) work() error {
	ctx, cancel := context.WithTimeout(s.f.ctx, sessionLimit)
	defer cancel()
	began := time.Now()
	conn, err := s.f.cfg.Power.Dial(ctx, s.to, func() error { return s.f.held(s.rack) })
	if err != nil {
		s.f.cfg.Metrics.exchanged(s.rack, time.Since(began), err)
		return err
	}
	defer func() { _ = conn.Close() }() // the exchange is over; there is nothing to do about it
	if err := conn.Test(ctx); err != nil {
		s.f.cfg.Metrics.exchanged(s.rack, time.Since(began), err)
		return err
	}
	s.say(&reached{time.Since(began)})
	for {
		o := s.next(ctx)
		if o == nil {
			return nil
		}
		began := time.Now()
		err := s.f.exchange(ctx, conn, o)
		s.f.cfg.Metrics.exchanged(s.rack, time.Since(began), err)
		s.say(&opDone{o, err})
		if err != nil {
			return nil
		}
	}
}

// next asks the actor what to do. nil: close.
func (s *session) next(ctx context.Context) *powerOp {
	reply := make(chan *powerOp, 1)
	s.say(&wantOp{reply})
	select {
	case o := <-reply:
		return o
	case <-ctx.Done():
		return nil
	}
}

// held checks that this server still holds the rack's lease. It is called immediately before each write.
func (f *Fleet) held(rack string) error {
	if f.cfg.Lease == nil {
		return nil
	}
	return f.cfg.Lease(rack)
}

// leased is the rack whose lease a change is made under; empty: there are no leases.
func (f *Fleet) leased(rack string) string {
	if f.cfg.Lease == nil {
		return ""
	}
	return rack
}

func (f *Fleet) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// exchange does one op, and tells the board or the person how it went.
func (f *Fleet) exchange(ctx context.Context, c RelaySession, o *powerOp) error {
	if o.order != nil {
		return f.obey(ctx, c, o)
	}
	text, err := f.drive(ctx, c, o)
	if err != nil {
		f.powerFailed(o, err)
		return err
	}
	if text != "" {
		f.line(o.name, "relay", 6, o.sw.String()+": "+text)
	}
	kind := board.PowerIsOn
	switch {
	case o.settle || o.do == board.CheckPower || o.do == board.Cycle:
		return nil
	case o.do == board.MakeOff:
		kind = board.PowerIsOff
	}
	f.send(o.id, &item{in: board.Input{Kind: kind, Visit: o.visit, Text: text}})
	return nil
}

// drive does what an op says, and tells what the relay does now.
func (f *Fleet) drive(ctx context.Context, c RelaySession, o *powerOp) (string, error) {
	switch {
	case o.look:
		return f.lookAt(ctx, c, o)
	case o.sw.Cycles:
		return f.driveCycle(ctx, c, o)
	}
	switch o.do {
	case board.MakeOff:
		return "off, read back", c.Set(ctx, o.sw, false)
	case board.CheckPower:
		on, err := c.Powered(ctx, o.sw)
		if err != nil || on {
			return "has power, read back", err
		}
		return "was off against the record: switched on again", c.Set(ctx, o.sw, true)
	default:
		return "on, read back", c.Set(ctx, o.sw, true)
	}
}

// driveCycle is drive for what can only cycle. Off and on do nothing but find it alive: once the record says that the
// board is booting, and not before, it cycles. So whoever comes after a crash waits for the board, and cuts nothing.
func (f *Fleet) driveCycle(ctx context.Context, c RelaySession, o *powerOp) (string, error) {
	switch o.do {
	case board.Cycle:
		return "cycled", c.Cycle(ctx, o.sw)
	default:
		return "is there; it cycles once that is recorded", nil
	}
}

func (f *Fleet) powerFailed(o *powerOp, err error) {
	f.line(o.name, "relay", 4, fmt.Sprintf("%s: %v", o.sw, err))
	if !o.settle {
		f.send(o.id, &item{in: board.Input{Kind: board.PowerFailed, Visit: o.visit, Text: err.Error()}})
	}
}
