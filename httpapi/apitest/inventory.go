package apitest

import (
	"context"
	"errors"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/actors/inventory/keeper"
	"mozpool/actors/inventory/plan"
)

// Inventory has a plan that waits, p1 or b1, a source that answers and one that does not.
type Inventory struct{}

func spec(name, rack string) inventory.Spec {
	return inventory.Spec{ID: "of " + name, Name: name, MAC: "52:54:00:01:00:01", Rack: rack, Hardware: "panda", Power: "10.91.0.2:bank1:relay1", Source: "lab"}
}

var waiting = plan.Plan{ID: "b1", Plan: inventory.Plan{Add: []inventory.Spec{spec("b9", "r1")}, Remove: []inventory.Spec{spec("b8", "r2")},
	Change: []inventory.Change{{From: spec("b7", "r1"), To: spec("b77", "r2")}}},
	Later: []plan.Skip{{ID: "18", Name: "b4", Source: "lab", Reason: "it is to be removed, but it is writing"}}, Leaving: []string{"18"}}

// Status implements httpapi.Inventory.
func (Inventory) Status() keeper.Status {
	return keeper.Status{Boards: 2, Every: 30 * time.Minute, LastGood: Now.Add(-time.Hour), Next: Now.Add(time.Minute),
		Sources: []keeper.SourceStatus{{Name: "lab", Where: "boards.csv", At: Now, Good: Now.Add(-time.Minute), Records: 3},
			{Name: "web", Where: "http://x/b", At: Now, Error: "inventory source web: http://x/b: refused"}},
		Pending: &keeper.Pending{Plan: waiting, At: Now, Why: "it touches 3 boards"},
		Skips:   []plan.Skip{{ID: "17", Name: "b3", Source: "lab", Reason: "b3 has no mac"}},
		Held:    []plan.Skip{{ID: "18", Name: "b4", Source: "lab", Reason: "it is to be removed, but it is locked"}}}
}

// Ask implements httpapi.Inventory.
func (Inventory) Ask(context.Context) error { return nil }

// Approve implements httpapi.Inventory.
func (Inventory) Approve(_ context.Context, id, by string) (keeper.Entry, error) {
	if id != waiting.ID {
		return keeper.Entry{}, &actors.Problem{Kind: actors.NotFound, Text: "plan " + id + " does not wait", Remedy: "look at the one that does"}
	}
	if by == "" {
		return keeper.Entry{}, errors.New("nobody approves")
	}
	return keeper.Entry{At: Now, Plan: id, By: by, Added: []string{"b9"}, Changed: []string{"b77"}, Removed: []string{"b8"}}, nil
}

// History implements httpapi.Inventory.
func (Inventory) History(context.Context) ([]keeper.Entry, error) {
	return []keeper.Entry{{At: Now.Add(-time.Hour), Plan: "p0", By: "sync", Added: []string{"b1", "b2", "b3", "b4", "b5", "b6"}, Changed: []string{}, Removed: []string{}}}, nil
}
