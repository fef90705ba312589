package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mozpool/actors/inventory"
)

// What a check found at a relay.
const (
	WiringRight   = "right"   // its board asked for its entry
	WiringCrossed = "crossed" // another board asked instead, twice
	WiringFound   = "found"   // a relay of no board: this is what hangs on it
	WiringSilent  = "silent"  // nobody asked
	WiringSkipped = "skipped" // nothing was switched: Text says why
	WiringFailed  = "failed"  // the relay could not be switched
)

// WiringStep is what a check found at one relay.
type WiringStep struct {
	Relay  string   `json:"relay"`           // its power line
	Board  string   `json:"board,omitempty"` // that hangs on it by the inventory
	Result string   `json:"result"`
	Seen   []string `json:"seen"`           // MAC addresses that asked after it was switched, the board's own first
	Named  []string `json:"named"`          // the boards that they belong to; empty where there is none
	Text   string   `json:"text,omitempty"` // for people
}

// wiringPatience is how long after its power came back a board may take to ask. A boot loader is up in seconds; some wait
// for a switch port that learns.
const wiringPatience = 45 * time.Second

// wiringAlso is how long others are listened to after the right board has asked.
const wiringAlso = 2 * time.Second

// CheckWiring cycles one relay after another, listens who asks for a boot entry, and tells each what it found. Without
// relays it takes those of the rack's boards. Boards that are locked, busy or switched off are skipped. It ends with ctx
// between two relays, never with one switched off. Only one check of a rack goes on at a time.
func (f *Fleet) CheckWiring(ctx context.Context, rack string, relays []string, by string, each func(WiringStep)) error {
	r := f.rack(rack)
	if !r.checking.TryLock() {
		return problem(Refused, "wait until it is over", "the wiring of rack %s is being checked already", rack)
	}
	defer r.checking.Unlock()
	if len(relays) == 0 {
		if relays = f.relaysOf(rack); len(relays) == 0 {
			return problem(NotFound, "see mozpool rack list; without boards, name relays: mozpool rack learn", "no board of rack %q hangs on a relay", rack)
		}
	}
	for _, line := range relays {
		if sw, err := f.cfg.Power.Parse(line); err != nil {
			return problem(BadRequest, "", "%v", err)
		} else if sw.Manual() {
			return problem(BadRequest, "name relays as host:bankN:relayM", "%q is no relay", line)
		}
	}
	for _, line := range relays {
		step, err := f.checkRelay(ctx, r, rack, line, by)
		if err != nil {
			return err
		}
		each(step)
	}
	return nil
}

// relaysOf are the relays of a rack's boards, in the order of the boards' names.
func (f *Fleet) relaysOf(rack string) (lines []string) {
	for _, v := range f.Views() {
		if sw, err := f.switchOf(v.Spec); err == nil && !sw.Manual() && v.Spec.Rack == rack {
			lines = append(lines, v.Spec.Power)
		}
	}
	return lines
}

// checkRelay finds out what hangs on one relay. An error ends the whole check.
func (f *Fleet) checkRelay(ctx context.Context, r *rack, rack, line, by string) (WiringStep, error) {
	step := WiringStep{Relay: line, Seen: []string{}, Named: []string{}}
	sw, err := f.cfg.Power.Parse(line)
	if err != nil {
		return step, problem(BadRequest, "", "%v", err)
	}
	v := f.behind(sw)
	if v != nil {
		step.Board = v.Spec.Name
	}
	for round := 1; ; round++ {
		if p := f.disturbed(sw, by); p != nil {
			return step.refused(ctx, p)
		}
		said, stop := r.ears.listen()
		_, err := f.Relay(ctx, line, RelayCycle, by, false)
		if err != nil {
			stop()
			return step.refused(ctx, err)
		}
		all := f.listen(ctx, said, v)
		stop()
		if err := ctx.Err(); err != nil {
			return step, problem(Unavailable, "run it again", "interrupted at %s, which has power", line)
		}
		again := step.note(v, all)
		if again && round < crossedTimes {
			continue
		}
		f.conclude(rack, &step, v, again)
		return step, nil
	}
}

// refused says why a relay was not switched; what ends the person's patience ends the check.
func (s *WiringStep) refused(ctx context.Context, err error) (WiringStep, error) {
	var p *Problem
	if ctx.Err() != nil || !errors.As(err, &p) {
		return *s, err
	}
	s.Result, s.Text = WiringSkipped, p.Error()
	if p.Kind == Unavailable {
		s.Result = WiringFailed
	}
	return *s, nil
}

// disturbed says which board of the relay board must not lose its power now: if the wiring is wrong, it may be the one.
func (f *Fleet) disturbed(sw Switch, by string) error {
	for _, v := range f.Views() {
		s, err := f.switchOf(v.Spec)
		if err != nil || s.Board != sw.Board {
			continue
		}
		if v.Board.Locked(by, f.now()) {
			return problem(Locked, "ask them, or unlock it", "board %s on the same relay board is locked by %s", v.Spec.Name, v.Board.Lock.Who)
		}
		if !v.Board.State.Rest() {
			return problem(Refused, "wait until it rests, or cancel it", "board %s on the same relay board is %s", v.Spec.Name, v.Board.State)
		}
	}
	return nil
}

// listen gives the loaders that ask until the right one has, or the time is over.
func (f *Fleet) listen(ctx context.Context, said <-chan heard, v *View) (all []heard) {
	t := time.NewTimer(f.scale(wiringPatience))
	defer t.Stop()
	for {
		select {
		case h := <-said:
			if !slices.Contains(all, h) {
				all = append(all, h)
			}
			if v == nil || h.mac == v.Spec.MAC {
				t.Reset(f.scale(wiringAlso))
			}
		case <-t.C:
			return all
		case <-ctx.Done():
			return all
		}
	}
}

// note takes down who asked. again: it was not who should have, which once may be chance.
func (s *WiringStep) note(v *View, all []heard) (again bool) {
	before := s.Seen
	s.Seen, s.Named = []string{}, []string{}
	right := false
	for _, h := range all {
		if v != nil && h.mac == v.Spec.MAC {
			right = true
			s.Seen, s.Named = slices.Insert(s.Seen, 0, h.mac.String()), slices.Insert(s.Named, 0, h.name)
			continue
		}
		s.Seen, s.Named = append(s.Seen, h.mac.String()), append(s.Named, h.name)
	}
	switch {
	case right:
		s.Result = WiringRight
	case len(all) == 0:
		s.Result = WiringSilent
	case v == nil:
		s.Result = WiringFound
	default:
		s.Result = WiringCrossed
		if len(before) > 0 { // only who asked both times counts
			s.keep(before)
		}
		return len(s.Seen) > 0
	}
	return false
}

// keep drops whoever was not seen before.
func (s *WiringStep) keep(before []string) {
	seen, named := []string{}, []string{}
	for i, mac := range s.Seen {
		if slices.Contains(before, mac) {
			seen, named = append(seen, mac), append(named, s.Named[i])
		}
	}
	s.Seen, s.Named = seen, named
}

// conclude says in words what was found, and reports boards that are crossed.
func (f *Fleet) conclude(rack string, s *WiringStep, v *View, proven bool) {
	switch {
	case s.Result == WiringRight:
		s.Text = "switches " + s.Board
	case s.Result == WiringFound:
		s.Text = "switches " + strings.Join(s.Seen, " or ")
	case proven && len(s.Seen) == 1:
		who := s.Seen[0]
		if s.Named[0] != "" {
			who = s.Named[0]
			f.reportCrossed(rack, v.Spec.Name, who)
		}
		s.Text = fmt.Sprintf("switches %s instead of %s", who, s.Board)
	case s.Result == WiringCrossed && len(s.Seen) > 1:
		s.Text = fmt.Sprintf("%d others asked, and %s did not: check again when the rack is quiet", len(s.Seen), s.Board)
	default:
		s.Result = WiringSilent
		s.Text = "nobody asked for a boot entry: no board, no loader, or no network"
		if s.Board != "" {
			s.Text = s.Board + " did not ask for its entry: " + s.Text
		}
	}
}

// hears tells whoever listens that a loader asked.
func (f *Fleet) hears(rack string, mac inventory.MAC, name string) {
	f.rack(rack).ears.hear(heard{mac, name})
}
