package doctor

import (
	"context"
	"fmt"

	"mozpool/actors/inventory"
)

// Source is a source of the inventory; those of package source are.
type Source interface {
	Name() string
	Where() string
	Fetch(ctx context.Context) ([]inventory.Record, error)
}

// Ask asks the sources of the inventory as a sync would, and changes nothing. It
// returns the boards that can be used, and a finding for each source.
func Ask(ctx context.Context, sources []Source) ([]inventory.Spec, []Finding) {
	var boards []inventory.Spec
	var out []Finding
	for _, s := range sources {
		const check = "inventory"
		records, err := s.Fetch(ctx)
		if err != nil {
			out = append(out, red(check, s.Name(), err.Error(), "its boards stay as they are until it answers; see the inventory section of mozpool.yaml"))
			continue
		}
		wrong, first := 0, ""
		for _, r := range records {
			if len(r.Problems) == 0 {
				boards = append(boards, r.Spec)
				continue
			}
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("%s (id %s): %s", r.Spec.Name, r.Spec.ID, r.Problems[0])
			}
		}
		switch {
		case len(records) == 0:
			out = append(out, amber(check, s.Name(), s.Where()+" lists no boards", "look at its filter, or fill it"))
		case wrong > 0:
			out = append(out, amber(check, s.Name(), fmt.Sprintf("%d of %d records cannot be used; the first is %s", wrong, len(records), first), "correct them there; mozpool inventory status names all"))
		default:
			out = append(out, green(check, s.Name(), fmt.Sprintf("lists %d board(s)", len(records))))
		}
	}
	return boards, out
}
