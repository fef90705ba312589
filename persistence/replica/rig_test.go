package replica

import (
	"fmt"
	"testing"

	"mozpool/persistence"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openTest(t testing.TB, dir string, opt Options) *Replica {
	t.Helper()
	r, err := Open(t.Context(), dir, opt)
	must(t, err)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func change(board string, epoch, prev uint64) persistence.Change {
	return persistence.Change{Board: board, Epoch: epoch, PrevSeq: prev,
		Record: fmt.Appendf(nil, "state %d", prev+1), Event: fmt.Appendf(nil, "event %d", prev+1)}
}

func load(t testing.TB, j persistence.Journal) map[string]persistence.Stored {
	t.Helper()
	all := map[string]persistence.Stored{}
	for s, err := range j.Load(t.Context(), "") {
		must(t, err)
		all[s.Board] = s
	}
	return all
}
