package actors

import (
	"context"
	"errors"

	"mozpool/actors/board"
	"mozpool/relayproto"
)

// A server that was stopped between the check of its lease and the write to a relay board emits one command when it wakes,
// and the rack is another's by then. Whoever holds it reads the relays and drives them to the record.

// backRead asks for a look at all relays of a relay board.
type backRead struct{}

// IgnoreDeadLetterLogging implements actor.IgnoreDeadLetterLogging.
func (*backRead) IgnoreDeadLetterLogging() {}

// ReadBack reads the relays of all boards, and drives those that are not as recorded to the record. It does not wait.
func (f *Fleet) ReadBack() {
	seen := make(map[string]bool)
	for _, v := range f.Views() {
		sw, err := f.switchOf(v.Spec)
		if err != nil || sw.Manual() || seen[sw.Board] || f.ctx.Err() != nil {
			continue
		}
		seen[sw.Board] = true
		f.root.Send(f.relay(sw), &backRead{})
	}
}

// readBack queues a look at each relay, those of boards at rest too, unless only busy ones are to be looked at. What waits
// for a relay already, or is at it, drives it and reads it back itself. Where a person has switched a relay past the record it stays so.
func (a *relayActor) readBack(onlyBusy bool) {
	for _, v := range a.f.Views() {
		sw, err := a.f.switchOf(v.Spec)
		if err != nil || sw.Board != a.name || sw.Cycles || a.byHand[sw] || a.line.has(sw) || a.handed != nil && a.handed.sw.same(sw) || v.Board.Power == board.PowerUnknown ||
			onlyBusy && v.Board.State.Rest() {
			continue
		}
		a.line.add(&powerOp{do: board.CheckPower, sw: sw, id: v.Spec.ID, name: v.Spec.Name, rack: v.Spec.Rack, settle: true, look: true})
	}
}

// lookAt does what readBack queued. It answers what it did, if anything.
func (f *Fleet) lookAt(ctx context.Context, c RelaySession, o *powerOp) (string, error) {
	v := f.ByID(o.id)
	if v == nil || v.Board.State == board.Cutting || v.Board.State == board.Powering {
		return "", nil // its visit drives it, after the dark time
	}
	want := v.Board.Power == board.PowerOn
	on, err := c.Powered(ctx, o.sw)
	if err != nil || on == want {
		return "", err
	}
	f.log.Warn("a relay was against the record, as of a command that came late; it is driven back", "board", o.name, "relay", o.sw.String(), "on", on)
	if want {
		return "was off against the record: switched on again", c.Set(ctx, o.sw, true)
	}
	return "was on against the record: switched off again", c.Set(ctx, o.sw, false)
}

// byPerson notes relays that a person has switched past the record, until their boards' own visits drive them again.
func (a *relayActor) byPerson(o *powerOp) {
	switch {
	case o.order != nil && (o.order.do == RelayOn || o.order.do == RelayOff):
		a.byHand[o.sw] = true
	case o.order == nil && !o.settle && o.do != board.CheckPower:
		delete(a.byHand, o.sw)
	}
}

// turnedAway notes that somebody else had the relay board's one connection: perhaps a server that is no more the holder.
func (a *relayActor) turnedAway(err error) {
	a.foreign = a.foreign || a.f.cfg.Lease != nil && (errors.Is(err, relayproto.ErrOccupied) || errors.Is(err, relayproto.ErrTimedOut))
}
