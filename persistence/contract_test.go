package persistence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
)

// forEachJournal runs one test body against every implementation.
func forEachJournal(t *testing.T, body func(t *testing.T, j Journal)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		body(t, NewMemory())
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		body(t, openTest(t, t.TempDir(), Options{}))
	})
}

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

func TestCommitRules(t *testing.T) {
	t.Parallel()
	other := change("b1", 5, 1)
	other.Record = []byte("something else")
	noName, noRecord := change("", 5, 2), change("b1", 5, 2)
	noRecord.Record = nil
	long := func(set func(*Change)) Change { c := change("b1", 5, 2); set(&c); return c }
	tests := []struct {
		name string
		c    Change
		want error
	}{
		{"repeat", change("b1", 5, 1), nil},
		{"same place, other content", other, ErrConflict},
		{"same content, newer epoch", change("b1", 6, 1), ErrConflict},
		{"older epoch, right sequence", change("b1", 4, 2), ErrFenced},
		{"older epoch, repeat", change("b1", 4, 1), ErrFenced},
		{"sequence behind", change("b1", 5, 0), ErrConflict},
		{"sequence ahead", change("b1", 5, 3), ErrConflict},
		{"unknown board, not first", change("b2", 1, 1), ErrConflict},
		{"no name", noName, ErrInvalid},
		{"control character", change("b\x001", 5, 0), ErrInvalid},
		{"no record", noRecord, ErrInvalid},
		{"long record", long(func(c *Change) { c.Record = make([]byte, MaxRecord+1) }), ErrInvalid},
		{"long event", long(func(c *Change) { c.Event = make([]byte, MaxEvent+1) }), ErrInvalid},
		{"long inputs", long(func(c *Change) { c.Inputs = make([]byte, MaxInputs+1) }), ErrInvalid},
		{"long summary", long(func(c *Change) { c.Attempt = &Attempt{1, make([]byte, MaxSummary+1)} }), ErrInvalid},
	}
	forEachJournal(t, func(t *testing.T, j Journal) {
		must(t, j.Commit(t.Context(), change("b1", 5, 0)))
		must(t, j.Commit(t.Context(), change("b1", 5, 1)))
		for _, tt := range tests {
			if err := j.Commit(t.Context(), tt.c); !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
			}
		}
		got := load(t, j, "")
		if len(got) != 1 || got[0].Seq != 2 || got[0].Epoch != 5 || string(got[0].Record) != "state 2" {
			t.Errorf("refused changes left something: %+v", got)
		}
	})
}

func TestLoadByPrefix(t *testing.T) {
	t.Parallel()
	forEachJournal(t, func(t *testing.T, j Journal) {
		for _, board := range []string{"r1/b2", "r1/b10", "r2/b1", "r1/b1"} {
			must(t, j.Commit(t.Context(), change(board, 1, 0)))
		}
		withInputs := change("r1/b10", 1, 1)
		withInputs.Inputs = bytes.Repeat([]byte("x"), MaxInputs)
		must(t, j.Commit(t.Context(), withInputs))
		must(t, j.Commit(t.Context(), change("r1/b10", 1, 2))) // keeps them
		var names []string
		for _, s := range load(t, j, "r1/") {
			names = append(names, s.Board)
			if has := len(s.Inputs) == MaxInputs; has != (s.Board == "r1/b10") {
				t.Errorf("%s has %d bytes of inputs", s.Board, len(s.Inputs))
			}
		}
		if got := fmt.Sprint(names); got != "[r1/b1 r1/b10 r1/b2]" {
			t.Errorf("loaded %s", got)
		}
		without := change("r1/b10", 1, 3)
		without.Inputs = []byte{}
		must(t, j.Commit(t.Context(), without))
		if got := load(t, j, "r1/b10"); got[0].Inputs != nil {
			t.Error("empty inputs did not remove them")
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	const n = KeepAttempts + 5
	forEachJournal(t, func(t *testing.T, j Journal) {
		for i := range uint64(n) {
			c := change("b1", 1, i)
			c.Attempt = &Attempt{Number: i + 1, Summary: fmt.Appendf(nil, "attempt %d", i+1)}
			must(t, j.Commit(t.Context(), c))
		}
		events, err := j.Events(t.Context(), "b1", 0)
		must(t, err)
		if len(events) != KeepEvents || events[0].Seq != n-KeepEvents+1 || string(events[KeepEvents-1].Data) != fmt.Sprint("event ", n) {
			t.Errorf("kept %d events, first %+v", len(events), events[0])
		}
		attempts, err := j.Attempts(t.Context(), "b1", 0)
		must(t, err)
		if len(attempts) != KeepAttempts || attempts[0].Number != n || attempts[KeepAttempts-1].Number != 6 {
			t.Errorf("kept %d attempts from %d to %d", len(attempts), attempts[len(attempts)-1].Number, attempts[0].Number)
		}
		events, _ = j.Events(t.Context(), "b1", 2)
		attempts, _ = j.Attempts(t.Context(), "b1", 2)
		if len(events) != 2 || events[1].Seq != n || len(attempts) != 2 || attempts[1].Number != n-1 {
			t.Errorf("limit 2: %v, %v", events, attempts)
		}
	})
}

func TestRetire(t *testing.T) {
	t.Parallel()
	forEachJournal(t, func(t *testing.T, j Journal) {
		must(t, j.Commit(t.Context(), change("b1", 3, 0)))
		must(t, j.Commit(t.Context(), change("b11", 3, 0)))
		if err := j.Retire(t.Context(), "b1", 2, 1); !errors.Is(err, ErrFenced) {
			t.Errorf("older epoch: %v", err)
		}
		if err := j.Retire(t.Context(), "b1", 3, 0); !errors.Is(err, ErrConflict) {
			t.Errorf("other sequence: %v", err)
		}
		must(t, j.Retire(t.Context(), "b1", 3, 1))
		must(t, j.Retire(t.Context(), "b1", 3, 1))
		if err := j.Commit(t.Context(), change("b1", 3, 1)); !errors.Is(err, ErrConflict) {
			t.Errorf("a late change brought the board back: %v", err)
		}
		events, err := j.Events(t.Context(), "b1", 0)
		must(t, err)
		if got := load(t, j, ""); len(got) != 1 || got[0].Board != "b11" || len(events) != 0 {
			t.Errorf("left %v and %v", got, events)
		}
	})
}

func TestDocs(t *testing.T) {
	t.Parallel()
	forEachJournal(t, func(t *testing.T, j Journal) {
		for _, name := range []string{"b2", "b1", "c1"} {
			must(t, j.PutDoc(t.Context(), Doc{"boards", name, []byte("of " + name)}))
		}
		must(t, j.PutDoc(t.Context(), Doc{"boards2", "b3", nil}))
		d, err := j.GetDoc(t.Context(), "boards", "b2")
		if err != nil || string(d.Data) != "of b2" {
			t.Errorf("got %v, %v", d, err)
		}
		docs, err := j.ListDocs(t.Context(), "boards", "b")
		if err != nil || len(docs) != 2 || docs[0].Name != "b1" || docs[1].Name != "b2" {
			t.Errorf("listed %v, %v", docs, err)
		}
		must(t, j.DeleteDoc(t.Context(), "boards", "b2"))
		if _, err := j.GetDoc(t.Context(), "boards", "b2"); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted, got %v", err)
		}
		if err := j.PutDoc(t.Context(), Doc{"boards", "b1", make([]byte, MaxDoc+1)}); !errors.Is(err, ErrInvalid) {
			t.Errorf("too long: %v", err)
		}
	})
}

func TestEndedContextAndClosed(t *testing.T) {
	t.Parallel()
	forEachJournal(t, func(t *testing.T, j Journal) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := j.Commit(ctx, change("b1", 1, 0)); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("ended context: %v", err)
		}
		must(t, j.Close())
		must(t, j.Close())
		if err := j.Commit(t.Context(), change("b1", 1, 0)); !errors.Is(err, ErrUnavailable) {
			t.Errorf("closed: %v", err)
		}
		if _, err := j.Events(t.Context(), "b1", 0); !errors.Is(err, ErrUnavailable) {
			t.Errorf("closed: %v", err)
		}
	})
}
