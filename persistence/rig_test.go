package persistence

import (
	"fmt"
	"testing"
)

func openTest(t testing.TB, dir string, opt Options) *Local {
	t.Helper()
	j, err := OpenLocal(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func change(board string, epoch, prev uint64) Change {
	return Change{Board: board, Epoch: epoch, PrevSeq: prev,
		Record: fmt.Appendf(nil, "state %d", prev+1), Event: fmt.Appendf(nil, "event %d", prev+1)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func load(t testing.TB, j Journal, prefix string) (all []Stored) {
	t.Helper()
	for s, err := range j.Load(t.Context(), prefix) {
		must(t, err)
		all = append(all, s)
	}
	return all
}
