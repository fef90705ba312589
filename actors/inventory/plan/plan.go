// Package plan decides what becomes of the fleet when the sources of the
// inventory have spoken. It is pure: records in, a plan out.
//
// It decides which records can be used (Settle), what turns the known boards
// into them (Make), and whether a person has to look at that first (Guard). A
// board whose record is spoiled stays as it was: bad text never removes one.
//
// It refuses to fetch, to store and to apply; package keeper does, and is its
// only caller. Whether a board may be removed now, it asks.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"mozpool/actors/inventory"
)

// Plan is what turns the known boards into the settled ones.
type Plan struct {
	// ID is a hash of the content: plans that do the same are the same, and a
	// person who approves one approves nothing else.
	ID string `json:"id"`
	inventory.Plan
	// Later are the boards that change, or go, as soon as they may; Leaving the
	// ids of those that go. A plan that is applied has none: With adds them for a
	// person to see, who approves them, too.
	Later   []Skip   `json:"later,omitempty"`
	Leaving []string `json:"leaving,omitempty"`
}

// idBytes of the hash stand in an ID; the risk of two plans with one is nil,
// and a person can type it.
const idBytes = 6

// Make plans how known becomes settled. The order of neither list matters.
func Make(known, settled []inventory.Spec) (Plan, error) {
	p := Plan{Plan: inventory.Diff(known, settled)}
	if p.Empty() {
		return p, nil
	}
	data, err := json.Marshal(p.Plan)
	if err != nil {
		return Plan{}, fmt.Errorf("hash the plan: %w", err)
	}
	sum := sha256.Sum256(data)
	p.ID = hex.EncodeToString(sum[:idBytes])
	return p, nil
}

// With adds what has to wait. The ID covers which boards those are and whether
// they go, not why they wait.
func (p Plan) With(s Settled) Plan {
	if len(s.Held) == 0 {
		return p
	}
	p.Later, p.Leaving = s.Held, s.Leaving
	of := fmt.Appendf(nil, "%s\n%q\n%q", p.ID, p.Leaving, slices.Sorted(maps.Keys(p.Waits().Any)))
	sum := sha256.Sum256(of)
	p.ID = hex.EncodeToString(sum[:idBytes])
	return p
}

// Size counts the boards that it touches, now or later.
func (p Plan) Size() int { return p.Plan.Size() + len(p.Later) }

// Waits are the boards of Later.
func (p Plan) Waits() Agreed {
	a := Agreed{make(map[string]bool, len(p.Later)), make(map[string]bool, len(p.Leaving))}
	for _, l := range p.Later {
		a.Any[l.ID] = true
	}
	for _, id := range p.Leaving {
		a.Go[id] = true
	}
	return a
}

// Touched are the ids of the known boards that the plan has to do with, now or
// later, and of those that go.
func (p Plan) Touched() (all, goes map[string]bool) {
	waits := p.Waits()
	all, goes = waits.Any, waits.Go
	for _, b := range p.Remove {
		all[b.ID], goes[b.ID] = true, true
	}
	for _, c := range p.Change {
		all[c.To.ID] = true
	}
	return all, goes
}

// Apply gives the boards that known becomes, sorted by id. The error names a
// board that is no longer what the plan found; nothing of such a plan holds.
func (p Plan) Apply(known []inventory.Spec) ([]inventory.Spec, error) {
	boards := make(map[string]inventory.Spec, len(known)+len(p.Add))
	for _, s := range known {
		boards[s.ID] = s
	}
	expect := func(s inventory.Spec) error {
		if now, ok := boards[s.ID]; !ok || !now.Equal(s) {
			return fmt.Errorf("board %s is not what it was when the plan was made", s.Name)
		}
		return nil
	}
	for _, s := range p.Remove {
		if err := expect(s); err != nil {
			return nil, err
		}
		delete(boards, s.ID)
	}
	for _, c := range p.Change {
		if err := expect(c.From); err != nil {
			return nil, err
		}
		boards[c.To.ID] = c.To
	}
	for _, s := range p.Add {
		if _, ok := boards[s.ID]; ok {
			return nil, fmt.Errorf("board %s is there already", s.Name)
		}
		boards[s.ID] = s
	}
	return slices.SortedFunc(maps.Values(boards), func(a, b inventory.Spec) int { return cmp.Compare(a.ID, b.ID) }), nil
}
