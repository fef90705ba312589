package actors

import (
	"fmt"
	"slices"

	"mozpool/persistence/strictyaml"
)

// maxNames is among how many names the one that was meant is looked for.
const maxNames = 10_000

// NoBoard is the answer to a name that no board has: it names the board that was probably meant.
func NoBoard(name string, boards []*View) *Problem {
	remedy := "see the list of boards"
	known := make([]string, 0, min(len(boards), maxNames))
	for v := range slices.Values(boards[:min(len(boards), maxNames)]) {
		known = append(known, v.Spec.Name)
	}
	if near := strictyaml.Nearest(name, known); near != "" {
		remedy = fmt.Sprintf("did you mean %s? see the list of boards", near)
	}
	return problem(NotFound, remedy, "there is no board %q", name)
}
