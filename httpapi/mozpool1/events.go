package mozpool1

import (
	"net/netip"
	"slices"

	"mozpool/actors"
	"mozpool/actors/board"
)

// pleas are the events by which people and programs asked the original's state machine.
var pleas = map[string]board.Want{
	"please_power_cycle": board.WantPowerCycle, "please_self_test": board.WantSelfTest, "please_start_maintenance": board.WantMaintenance,
	"please_image": board.WantImage, "please_pxe_boot": board.WantImage,
}

// event takes a plea of a person, or what a board says. As with the original an event that changes nothing is no error.
func (c *call) event() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	name := c.args[1]
	if kind, ok := actors.OldEvent(name); ok {
		return nothing{}, c.hear(v, kind, name)
	}
	want, ok := pleas[name]
	if !ok {
		return nil, problem(actors.BadRequest, "send an event of a board's script, or please_image, please_power_cycle, please_self_test, please_start_maintenance",
			"the event %q is not known", name)
	}
	if want != board.WantImage {
		return nothing{}, c.wish(v, actors.Request{Want: want})
	}
	o, err := c.object()
	if err != nil {
		return nil, err
	}
	image, err := text(o, "image")
	if err != nil {
		return nil, err
	}
	config, err := configOf(o["boot_config"])
	if err != nil {
		return nil, err
	}
	return nothing{}, c.wish(v, c.imageWish(v, image, config))
}

// hear takes what a board says without a token: only from its own address, and only where its rack allows that.
func (c *call) hear(v *actors.View, kind board.Kind, name string) error {
	from, err := netip.ParseAddr(c.req.Caller.From)
	if c.cfg.Bare == nil || !c.cfg.Bare(v.Spec.Rack) || err != nil || from.Unmap() != v.Address {
		return problem("forbidden", "let the board say it itself, with bare_callbacks in its rack; people ask with please_…",
			"only device %s itself can say %s", v.Spec.Name, name)
	}
	_, err = c.cfg.Fleet.Ask(c.ctx, v.Spec.ID, actors.Evidence{Input: board.Input{Kind: kind, Bare: true, Good: true, Text: name}})
	return err
}

// starts are states that the original was put in to begin something.
var starts = map[string]board.Want{
	"start_self_test": board.WantSelfTest, "start_maintenance": board.WantMaintenance, "pc_power_cycling": board.WantPowerCycle,
}

// stateChange moves a board from one state to another if it is in the first.
func (c *call) stateChange() (any, error) {
	v, err := c.mine()
	if err != nil {
		return nil, err
	}
	from, to := c.args[1], c.args[2]
	if !isIn(v, from) {
		return nil, problem(actors.Refused, "look again", "device %s is %s, not %s", v.Spec.Name, stateOf(v), from)
	}
	if want, ok := starts[to]; ok {
		return nothing{}, c.wish(v, actors.Request{Want: want})
	}
	states := statesOf(to)
	settable := []board.State{board.New, board.Ready, board.Troubleshooting, board.LockedOut}
	if len(states) == 0 || !slices.Contains(settable, states[0]) {
		return nil, problem(actors.BadRequest, "use new, ready, troubleshooting, locked_out, start_self_test, start_maintenance or pc_power_cycling",
			"%q is no state that a device can be put in", to)
	}
	err = c.do(v, actors.Order{Kind: board.SetState, To: states[0], Visit: v.Board.Visit})
	return nothing{}, conflict(err)
}
