package inventory

import (
	"cmp"
	"slices"
)

// Change is one board before and after.
type Change struct {
	From Spec `json:"from"`
	To   Spec `json:"to"`
}

// Plan is what turns one list of boards into another. Each list is sorted by
// id, so that equal differences give equal plans.
type Plan struct {
	Add    []Spec   `json:"add,omitempty"`
	Change []Change `json:"change,omitempty"`
	Remove []Spec   `json:"remove,omitempty"`
}

// Empty tells whether nothing is to be done.
func (p Plan) Empty() bool { return p.Size() == 0 }

// Size counts the boards that the plan touches.
func (p Plan) Size() int { return len(p.Add) + len(p.Change) + len(p.Remove) }

// Diff plans how known becomes fetched. Boards are the same board if their ids
// are equal, so that a renamed board is a change. Both lists must be of one
// source: boards of other sources are not the caller's to remove. Ids must be
// unique within each list, as LoadFile guarantees.
func Diff(known, fetched []Spec) Plan {
	before := byID(known)
	var plan Plan
	for _, to := range fetched {
		from, ok := before[to.ID]
		delete(before, to.ID)
		switch {
		case !ok:
			plan.Add = append(plan.Add, to)
		case !from.Equal(to):
			plan.Change = append(plan.Change, Change{from, to})
		}
	}
	for _, gone := range before {
		plan.Remove = append(plan.Remove, gone)
	}
	sortByID(plan.Add)
	sortByID(plan.Remove)
	slices.SortFunc(plan.Change, func(a, b Change) int { return cmp.Compare(a.To.ID, b.To.ID) })
	return plan
}

func byID(specs []Spec) map[string]Spec {
	out := make(map[string]Spec, len(specs))
	for _, s := range specs {
		out[s.ID] = s
	}
	return out
}

func sortByID(specs []Spec) {
	slices.SortFunc(specs, func(a, b Spec) int { return cmp.Compare(a.ID, b.ID) })
}
