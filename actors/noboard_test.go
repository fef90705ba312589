package actors

import (
	"testing"

	"mozpool/actors/inventory"
)

func TestNoBoard(t *testing.T) {
	t.Parallel()
	boards := []*View{{Spec: inventory.Spec{Name: "panda-0001"}}, {Spec: inventory.Spec{Name: "panda-0107"}}}
	for name, remedy := range map[string]string{
		"panda-0l07":   "did you mean panda-0107? see the list of boards",
		"pamda-001":    "did you mean panda-0001? see the list of boards",
		"something":    "see the list of boards",
		"":             "see the list of boards",
		"../../secret": "see the list of boards",
	} {
		if p := NoBoard(name, boards); p.Kind != NotFound || p.Remedy != remedy {
			t.Errorf("%q: %+v", name, p)
		}
	}
}
