package plan

import "fmt"

// few changes need nobody's approval, however small the fleet is.
const few = 5

// Agreed are boards, by id, whose change was let through before and has waited
// for a rest since: Any of all of them, Go of those that are to be removed.
type Agreed struct{ Any, Go map[string]bool }

// Guard says why a person has to approve the plan before it is applied; empty:
// nobody has to. known and fetched count boards. All changes together may be
// few, or a tenth of the known or of the fetched boards; removals by themselves
// a tenth of the known ones. What fills an empty fleet can spoil nothing.
//
// What has to wait for a rest (Settled.Held) counts as if it were done now: else
// a source that lost its boards would empty the racks one rest at a time. What
// was agreed to before does not count again.
func Guard(p Plan, s Settled, agreed Agreed, known, fetched int) string {
	if known == 0 {
		return ""
	}
	removed, touched := 0, len(p.Add)
	goes := make(map[string]bool, len(s.Leaving))
	for _, id := range s.Leaving {
		goes[id] = true
		removed += one(!agreed.Go[id])
	}
	for _, b := range p.Remove {
		removed += one(!agreed.Go[b.ID])
	}
	touched += removed
	for _, h := range s.Held {
		touched += one(!goes[h.ID] && !agreed.Any[h.ID])
	}
	for _, c := range p.Change {
		touched += one(!agreed.Any[c.To.ID])
	}
	if limit := max(few, known/10); removed > limit {
		return fmt.Sprintf("it removes %d of %d boards; more than %d need approval", removed, known, limit)
	}
	if limit := max(few, known/10, fetched/10); touched > limit {
		return fmt.Sprintf("it touches %d boards, of %d known and %d fetched; more than %d need approval", touched, known, fetched, limit)
	}
	return ""
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
