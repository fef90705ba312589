package actors

import (
	"maps"
	"slices"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// Labels are those of the inventory and those that people gave the board. Where both name one, the inventory's holds:
// it may have come later. The map is not to be changed.
func (v *View) Labels() map[string]string {
	if len(v.Board.Labels) == 0 {
		return v.Spec.Labels
	}
	all := maps.Clone(v.Board.Labels)
	maps.Copy(all, v.Spec.Labels)
	return all
}

// labelable refuses labels that cannot be, and those of the inventory: only the source of a thing changes it.
func labelable(v *View, o Order) error {
	if o.Kind != board.Relabel {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(o.Labels)) {
		value := o.Labels[key]
		if _, theirs := v.Spec.Labels[key]; theirs {
			return problem(Refused, "change it in "+v.Spec.Source, "board %s: its label %s comes from the inventory", v.Spec.Name, key)
		}
		if value == nil {
			continue // one that could never be set may still be taken off
		}
		if wrong := inventory.CheckLabel(key, *value); wrong != nil {
			return problem(BadRequest, wrong.Remedy, "%s", wrong.What)
		}
	}
	return nil
}
