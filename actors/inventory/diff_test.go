package inventory

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// lists draws a list of boards with unique ids, small enough to collide often.
func lists(t *rapid.T, label string) []Spec {
	ids := rapid.SliceOfDistinct(rapid.IntRange(0, 8), rapid.ID[int]).Draw(t, label)
	specs := make([]Spec, len(ids))
	for i, id := range ids {
		specs[i] = Spec{ID: strconv.Itoa(id), Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			Labels: rapid.MapOfN(rapid.SampledFrom([]string{"k", "l"}), rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "labels")}
	}
	return specs
}

// apply does what a plan says.
func apply(known []Spec, p Plan) map[string]Spec {
	out := byID(known)
	for _, s := range p.Remove {
		delete(out, s.ID)
	}
	for _, c := range p.Change {
		out[c.To.ID] = c.To
	}
	for _, s := range p.Add {
		out[s.ID] = s
	}
	return out
}

func TestDiffLeadsFromKnownToFetched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known, fetched := lists(t, "known"), lists(t, "fetched")
		plan := Diff(known, fetched)
		if got := apply(known, plan); !maps.EqualFunc(got, byID(fetched), Spec.Equal) {
			t.Fatalf("applying the plan gives %v, want %v", got, fetched)
		}
		if !Diff(fetched, fetched).Empty() {
			t.Fatal("a list differs from itself")
		}
		for _, c := range plan.Change {
			if c.From.Equal(c.To) || c.From.ID != c.To.ID {
				t.Fatalf("a change that changes nothing, or another board: %+v", c)
			}
		}
		reversed := slices.Clone(fetched)
		slices.Reverse(reversed)
		again := Diff(known, reversed)
		if again.Size() != plan.Size() || !slices.EqualFunc(again.Add, plan.Add, Spec.Equal) || !slices.EqualFunc(again.Remove, plan.Remove, Spec.Equal) {
			t.Fatal("the plan depends on the order of the list")
		}
	})
}

func TestDiffRenamedBoardIsAChange(t *testing.T) {
	t.Parallel()
	plan := Diff([]Spec{{ID: "17", Name: "old"}}, []Spec{{ID: "17", Name: "new"}})
	if len(plan.Change) != 1 || plan.Size() != 1 || plan.Change[0].From.Name != "old" {
		t.Errorf("plan %+v", plan)
	}
}
