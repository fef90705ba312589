package actors

import (
	"cmp"
	"fmt"
	"strings"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// exchanged is what a board is, where the inventory still says what it said when a repair changed it. A source that has
// come to say something else, the same as the repair or not, is believed.
func exchanged(listed inventory.Spec, x *board.Exchange) inventory.Spec {
	if x == nil {
		return listed
	}
	if x.MAC != "" && string(listed.MAC) == x.WasMAC {
		listed.MAC = inventory.MAC(x.MAC)
	}
	if x.Power != "" && listed.Power == x.WasPower {
		listed.Power = x.Power
	}
	return listed
}

// exchange makes v a board that the inventory lists so.
func (v *View) exchange(listed inventory.Spec) {
	v.Spec, v.Listed = exchanged(listed, v.Board.Exchange), nil
	if v.Board.Exchange != nil && !v.Spec.Equal(listed) {
		v.Listed = &listed
	}
}

// listed is the board as the inventory has it.
func (v *View) listed() inventory.Spec {
	if v.Listed != nil {
		return *v.Listed
	}
	return v.Spec
}

// remindOf says that the inventory has not followed a repair.
func (f *Fleet) remindOf(v *View) {
	if v.Listed != nil {
		f.log.Warn("the inventory does not know of a repair; bring it up to date", "board", v.Spec.Name, "source", v.Spec.Source,
			"mac", v.Spec.MAC, "listed_mac", v.Listed.MAC, "power", v.Spec.Power, "listed_power", v.Listed.Power)
	}
}

// Exchangeable refuses a MAC address or a switch that cannot be, or is another board's, and a part that does not bring it
// along. In a cluster each server asks all boards that it knows of, not only those of its racks.
func (f *Fleet) Exchangeable(name string, o RepairOrder) error {
	v, err := f.find(name)
	if err != nil {
		return err
	}
	_, err = f.exchangeOf(v, o)
	return err
}

// exchangeOf is what the order changes of the board; nil: nothing.
func (f *Fleet) exchangeOf(v *View, o RepairOrder) (*board.Exchange, error) {
	if o.MAC == "" && o.Power == "" {
		return nil, nil
	}
	x, listed := board.Exchange{}, v.listed()
	if old := v.Board.Exchange; old != nil {
		x = *old
	}
	if o.MAC != "" {
		mac, err := f.newMAC(v, o)
		if err != nil {
			return nil, err
		}
		x.MAC, x.WasMAC = string(mac), string(listed.MAC)
	}
	if o.Power != "" {
		if err := f.newPower(v, o); err != nil {
			return nil, err
		}
		x.Power, x.WasPower = o.Power, listed.Power
		if len(o.Power) > board.MaxPower || len(listed.Power) > board.MaxPower {
			return nil, problem(BadRequest, "change it in "+v.Spec.Source, "board %s: a repair cannot change a power line of more than %d bytes", v.Spec.Name, board.MaxPower)
		}
	}
	return &x, nil
}

// wrong is the problem of a text that cannot be read: with the remedy that the error ends with, if it has one.
func wrong(err error, otherwise string) *Problem {
	text, remedy, _ := strings.Cut(err.Error(), "; ")
	return &Problem{Kind: BadRequest, Text: text, Remedy: cmp.Or(remedy, otherwise)}
}

func (f *Fleet) newMAC(v *View, o RepairOrder) (inventory.MAC, error) {
	if o.Part != board.PartBoard {
		return "", problem(BadRequest, "say part board, or leave the MAC address away", "a %s brings no other MAC address", o.Part)
	}
	mac, err := inventory.ParseMAC(o.MAC)
	if err != nil {
		return "", wrong(err, "read it from the board, such as 52:54:00:01:00:0a")
	}
	if other := f.ByMAC(mac); other != nil && other.Spec.ID != v.Spec.ID {
		return "", problem(Refused, "read it from the board once more, or take it off "+other.Spec.Name+" in "+other.Spec.Source,
			"MAC address %s is that of board %s", mac, other.Spec.Name)
	}
	return mac, nil
}

// newPower refuses an outlet of another board, and a relay board of another rack.
func (f *Fleet) newPower(v *View, o RepairOrder) error {
	if o.Part != board.PartBoard && o.Part != board.PartRelay && o.Part != board.PartWiring {
		return problem(BadRequest, "say part relay, wiring or board, or leave the power line away", "a %s brings no other switch", o.Part)
	}
	spec := v.Spec
	spec.Power = o.Power
	sw, err := f.switchOf(spec)
	if err != nil {
		return wrong(err, "write it as the inventory would, such as 10.0.0.9:2101:bank1:relay3")
	}
	if sw.Manual() {
		return nil
	}
	for _, other := range f.Views() {
		at, err := f.switchOf(other.Spec)
		if err != nil || other.Spec.ID == v.Spec.ID || at.Board != sw.Board {
			continue
		}
		if at.Outlet == sw.Outlet {
			return problem(Refused, fmt.Sprintf("look where %s hangs, and say that first", other.Spec.Name), "%s switches board %s", o.Power, other.Spec.Name)
		}
		if other.Spec.Rack != v.Spec.Rack {
			return problem(Refused, "take an outlet of a relay board of rack "+v.Spec.Rack, "relay board %s is that of rack %s", sw.Board, other.Spec.Rack)
		}
	}
	return nil
}
