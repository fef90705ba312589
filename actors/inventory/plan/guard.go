package plan

import "fmt"

// few changes need nobody's approval, however small the fleet is.
const few = 5

// Guard says why a person has to approve the plan before it is applied; empty:
// nobody has to. known and fetched count boards. All changes together may be
// few, or a tenth of the known or of the fetched boards; removals by themselves
// a tenth of the known ones. What fills an empty fleet can spoil nothing.
func Guard(p Plan, known, fetched int) string {
	if known == 0 {
		return ""
	}
	if limit := max(few, known/10); len(p.Remove) > limit {
		return fmt.Sprintf("it removes %d of %d boards; more than %d need approval", len(p.Remove), known, limit)
	}
	if limit := max(few, known/10, fetched/10); p.Size() > limit {
		return fmt.Sprintf("it touches %d boards, of %d known and %d fetched; more than %d need approval", p.Size(), known, fetched, limit)
	}
	return ""
}
