package actors

import (
	"context"
	"time"

	"mozpool/actors/board"
)

// RelayDo is what a person asks of a relay itself.
type RelayDo string

// What can be asked of a relay. On and off mean the board behind it.
const (
	RelayStatus RelayDo = "status"
	RelayOn     RelayDo = "on"
	RelayOff    RelayDo = "off"
	RelayCycle  RelayDo = "cycle"
	RelayTest   RelayDo = "test" // a sign of life of the relay board; see TestRelay
)

type relayAsk struct {
	do    RelayDo
	dark  time.Duration
	ctx   context.Context // of the person; what has not begun is dropped with it
	reply chan relayAnswer
}

type relayAnswer struct {
	on  bool
	err error
}

// Relay does what a person asks of one relay, in turn with the automation, and says whether the board behind it has
// power now. A relay whose board is busy or locked is only read; one whose board is at rest is switched on or off only
// with force, for the record does not follow.
func (f *Fleet) Relay(ctx context.Context, power string, do RelayDo, by string, force bool) (on bool, err error) {
	sw, err := f.cfg.Power.Parse(power)
	if err != nil {
		return false, problem(BadRequest, "", "%v", err)
	}
	if sw.Manual() {
		return false, problem(BadRequest, "name one as host:bankN:relayM", "a person is no relay")
	}
	if sw.Cycles && (do == RelayOn || do == RelayOff) {
		return false, problem(Refused, "ask for a cycle", "%s can only cycle", sw)
	}
	v := f.behind(sw)
	if do != RelayStatus {
		if err := f.mayTouch(v, do, by, force); err != nil {
			return false, err
		}
	}
	return f.order(ctx, sw, v, do, by)
}

// TestRelay asks a relay board, named as in Relays, for a sign of life; no relay moves.
func (f *Fleet) TestRelay(ctx context.Context, name string) error {
	for _, v := range f.Views() {
		if sw, err := f.switchOf(v.Spec); err == nil && sw.Board == name && name != "" {
			_, err := f.order(ctx, sw, nil, RelayTest, "")
			return err
		}
	}
	return problem(NotFound, "see mozpool relay list", "no board hangs on a relay board %q", name)
}

// order hands what a person asks for to the relay board's actor, and waits.
func (f *Fleet) order(ctx context.Context, sw Switch, v *View, do RelayDo, by string) (on bool, err error) {
	o := &powerOp{sw: sw, order: &relayAsk{do: do, dark: f.scale(darkTime), ctx: ctx, reply: make(chan relayAnswer, 1)}}
	if v != nil {
		o.name, o.rack = v.Spec.Name, v.Spec.Rack
	}
	f.root.Send(f.relay(sw), o)
	select {
	case a := <-o.order.reply:
		if a.err != nil {
			return false, problem(Unavailable, "look at its plug and network; mozpool relay show "+sw.Board, "%s: %v", sw, a.err)
		}
		if v != nil && do != RelayStatus {
			f.line(v.Spec.Name, "relay", 5, sw.String()+": "+string(do)+" by "+by)
		}
		return a.on, nil
	case <-ctx.Done():
		return false, problem(Unavailable, "ask again; mozpool relay show "+sw.Board+" tells what it does", "relay board %s did not come to it in time", sw.Board)
	case <-f.ctx.Done():
		return false, problem(Unavailable, "ask again", "the server is stopping")
	}
}

// behind finds the board on a relay; nil: none that is known.
func (f *Fleet) behind(sw Switch) *View {
	for _, v := range f.Views() {
		if s, err := f.switchOf(v.Spec); err == nil && s.same(sw) {
			return v
		}
	}
	return nil
}

func (f *Fleet) mayTouch(v *View, do RelayDo, by string, force bool) error {
	switch {
	case v == nil:
		return nil
	case v.Board.Locked(by, f.now()):
		return problem(Locked, "ask them, or unlock it", "board %s hangs on it, and is locked by %s", v.Spec.Name, v.Board.Lock.Who)
	case !v.Board.State.Rest() && !v.Board.WaitsFor(board.ForRelay):
		return problem(Refused, "wait, or cancel first", "board %s hangs on it, and is %s", v.Spec.Name, v.Board.State)
	case do == RelayCycle && v.Board.Power == board.PowerOff && !force:
		return problem(Refused, "mozpool board power on "+v.Spec.Name+" gives it power; --force cycles all the same",
			"board %s hangs on it, and is switched off", v.Spec.Name)
	case do != RelayCycle && !force:
		return problem(Refused, "mozpool board power on|off "+v.Spec.Name+" keeps the record true; --force switches all the same",
			"board %s hangs on it", v.Spec.Name)
	}
	return nil
}

// obey does what a person asked for. A cycle is never left half done: what follows the "off" does not end with the
// person's patience, and a relay left off is in doubt.
func (f *Fleet) obey(ctx context.Context, c RelaySession, o *powerOp) (err error) {
	a := relayAnswer{}
	defer func() {
		a.err = err
		o.order.reply <- a
	}()
	switch o.order.do {
	case RelayOn, RelayOff:
		a.on = o.order.do == RelayOn
		return c.Set(ctx, o.sw, a.on)
	case RelayCycle:
		if o.sw.Cycles {
			a.on = true
			return c.Cycle(ctx, o.sw)
		}
		if err := c.Set(ctx, o.sw, false); err != nil {
			return err
		}
		f.pause(ctx, o.order.dark)
		a.on = true
		return c.Set(ctx, o.sw, true)
	case RelayTest:
		return c.Test(ctx)
	default:
		a.on, err = c.Powered(ctx, o.sw)
		return err
	}
}
