// Package journaltest is the contract of persistence.Journal as tests, for
// everything that claims to be one. It decides nothing; the tests of each
// journal call it.
package journaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"mozpool/persistence"
)

// Open makes an empty journal that is closed when the test ends.
type Open func(t *testing.T) persistence.Journal

// Run runs every rule as a subtest, each on a journal of its own.
func Run(t *testing.T, open Open) {
	for name, body := range map[string]func(*testing.T, Open){
		"commit rules":             commitRules,
		"load by prefix":           loadByPrefix,
		"history is bounded":       historyIsBounded,
		"retire":                   retire,
		"docs":                     docs,
		"docs are swapped":         docsAreSwapped,
		"ended context and closed": endedContextAndClosed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body(t, open)
		})
	}
}

func change(board string, epoch, prev uint64) persistence.Change {
	return persistence.Change{Board: board, Epoch: epoch, PrevSeq: prev,
		Record: fmt.Appendf(nil, "state %d", prev+1), Event: fmt.Appendf(nil, "event %d", prev+1)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func load(t testing.TB, j persistence.Journal, prefix string) (all []persistence.Stored) {
	t.Helper()
	for s, err := range j.Load(t.Context(), prefix) {
		must(t, err)
		all = append(all, s)
	}
	return all
}

func commitRules(t *testing.T, open Open) {
	other := change("b1", 5, 1)
	other.Record = []byte("something else")
	noName, noRecord := change("", 5, 2), change("b1", 5, 2)
	noRecord.Record = nil
	long := func(set func(*persistence.Change)) persistence.Change { c := change("b1", 5, 2); set(&c); return c }
	tests := []struct {
		name string
		c    persistence.Change
		want error
	}{
		{"repeat", change("b1", 5, 1), nil},
		{"same place, other content", other, persistence.ErrConflict},
		{"same content, newer epoch", change("b1", 6, 1), persistence.ErrConflict},
		{"older epoch, right sequence", change("b1", 4, 2), persistence.ErrFenced},
		{"older epoch, repeat", change("b1", 4, 1), persistence.ErrFenced},
		{"sequence behind", change("b1", 5, 0), persistence.ErrConflict},
		{"sequence ahead", change("b1", 5, 3), persistence.ErrConflict},
		{"unknown board, not first", change("b2", 1, 1), persistence.ErrConflict},
		{"no name", noName, persistence.ErrInvalid},
		{"control character", change("b\x001", 5, 0), persistence.ErrInvalid},
		{"no record", noRecord, persistence.ErrInvalid},
		{"long record", long(func(c *persistence.Change) { c.Record = make([]byte, persistence.MaxRecord+1) }), persistence.ErrInvalid},
		{"long event", long(func(c *persistence.Change) { c.Event = make([]byte, persistence.MaxEvent+1) }), persistence.ErrInvalid},
		{"long inputs", long(func(c *persistence.Change) { c.Inputs = make([]byte, persistence.MaxInputs+1) }), persistence.ErrInvalid},
		{"long summary", long(func(c *persistence.Change) {
			c.Attempt = &persistence.Attempt{Number: 1, Summary: make([]byte, persistence.MaxSummary+1)}
		}), persistence.ErrInvalid},
	}
	j := open(t)
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
}

func loadByPrefix(t *testing.T, open Open) {
	j := open(t)
	for _, board := range []string{"r1/b2", "r1/b10", "r2/b1", "r1/b1"} {
		must(t, j.Commit(t.Context(), change(board, 1, 0)))
	}
	withInputs := change("r1/b10", 1, 1)
	withInputs.Inputs = bytes.Repeat([]byte("x"), persistence.MaxInputs)
	must(t, j.Commit(t.Context(), withInputs))
	must(t, j.Commit(t.Context(), change("r1/b10", 1, 2))) // keeps them
	var names []string
	for _, s := range load(t, j, "r1/") {
		names = append(names, s.Board)
		if has := len(s.Inputs) == persistence.MaxInputs; has != (s.Board == "r1/b10") {
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
}

func historyIsBounded(t *testing.T, open Open) {
	const n = persistence.KeepAttempts + 5
	j := open(t)
	for i := range uint64(n) {
		c := change("b1", 1, i)
		c.Attempt = &persistence.Attempt{Number: i + 1, Summary: fmt.Appendf(nil, "attempt %d", i+1)}
		must(t, j.Commit(t.Context(), c))
	}
	events, err := j.Events(t.Context(), "b1", 0)
	must(t, err)
	if len(events) != persistence.KeepEvents || events[0].Seq != n-persistence.KeepEvents+1 || string(events[persistence.KeepEvents-1].Data) != fmt.Sprint("event ", n) {
		t.Errorf("kept %d events, first %+v", len(events), events[0])
	}
	attempts, err := j.Attempts(t.Context(), "b1", 0)
	must(t, err)
	if len(attempts) != persistence.KeepAttempts || attempts[0].Number != n || attempts[persistence.KeepAttempts-1].Number != 6 {
		t.Errorf("kept %d attempts from %d to %d", len(attempts), attempts[len(attempts)-1].Number, attempts[0].Number)
	}
	events, _ = j.Events(t.Context(), "b1", 2)
	attempts, _ = j.Attempts(t.Context(), "b1", 2)
	if len(events) != 2 || events[1].Seq != n || len(attempts) != 2 || attempts[1].Number != n-1 {
		t.Errorf("limit 2: %v, %v", events, attempts)
	}
}

func retire(t *testing.T, open Open) {
	j := open(t)
	must(t, j.Commit(t.Context(), change("b1", 3, 0)))
	must(t, j.Commit(t.Context(), change("b11", 3, 0)))
	if err := j.Retire(t.Context(), "b1", 2, 1); !errors.Is(err, persistence.ErrFenced) {
		t.Errorf("older epoch: %v", err)
	}
	if err := j.Retire(t.Context(), "b1", 3, 0); !errors.Is(err, persistence.ErrConflict) {
		t.Errorf("other sequence: %v", err)
	}
	must(t, j.Retire(t.Context(), "b1", 3, 1))
	must(t, j.Retire(t.Context(), "b1", 3, 1))
	if err := j.Commit(t.Context(), change("b1", 3, 1)); !errors.Is(err, persistence.ErrConflict) {
		t.Errorf("a late change brought the board back: %v", err)
	}
	events, err := j.Events(t.Context(), "b1", 0)
	must(t, err)
	if got := load(t, j, ""); len(got) != 1 || got[0].Board != "b11" || len(events) != 0 {
		t.Errorf("left %v and %v", got, events)
	}
}

func docs(t *testing.T, open Open) {
	j := open(t)
	for _, name := range []string{"b2", "b1", "c1"} {
		must(t, j.PutDoc(t.Context(), persistence.Doc{Kind: "boards", Name: name, Data: []byte("of " + name)}))
	}
	must(t, j.PutDoc(t.Context(), persistence.Doc{Kind: "boards2", Name: "b3", Data: nil}))
	d, err := j.GetDoc(t.Context(), "boards", "b2")
	if err != nil || string(d.Data) != "of b2" {
		t.Errorf("got %v, %v", d, err)
	}
	docs, err := j.ListDocs(t.Context(), "boards", "b")
	if err != nil || len(docs) != 2 || docs[0].Name != "b1" || docs[1].Name != "b2" {
		t.Errorf("listed %v, %v", docs, err)
	}
	must(t, j.DeleteDoc(t.Context(), "boards", "b2"))
	if _, err := j.GetDoc(t.Context(), "boards", "b2"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("deleted, got %v", err)
	}
	if err := j.PutDoc(t.Context(), persistence.Doc{Kind: "boards", Name: "b1", Data: make([]byte, persistence.MaxDoc+1)}); !errors.Is(err, persistence.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
}

// docsAreSwapped: of two that saw the same, one is taken; the same again is a repeat.
func docsAreSwapped(t *testing.T, open Open) {
	j := open(t)
	a, b, c, none := []byte("a"), []byte("b"), []byte("c"), []byte(nil)
	for i, step := range []struct {
		was, to []byte
		want    error
	}{
		{a, b, persistence.ErrConflict}, {none, none, nil}, // there is none
		{none, a, nil}, {none, a, nil}, {none, b, persistence.ErrConflict},
		{a, b, nil}, {a, b, nil}, {a, c, persistence.ErrConflict}, {a, none, persistence.ErrConflict},
		{b, c, nil}, {none, c, nil}, {c, none, nil}, {c, none, nil}, {c, a, persistence.ErrConflict},
	} {
		if err := j.SwapDoc(t.Context(), persistence.Doc{Kind: "image", Name: "v1", Data: step.to}, step.was); !errors.Is(err, step.want) {
			t.Errorf("step %d, %q to %q: got %v, want %v", i, step.was, step.to, err, step.want)
		}
	}
	if _, err := j.GetDoc(t.Context(), "image", "v1"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("removed, got %v", err)
	}
	must(t, j.PutDoc(t.Context(), persistence.Doc{Kind: "image", Name: "v2", Data: none}))
	if err := j.SwapDoc(t.Context(), persistence.Doc{Kind: "image", Name: "v2", Data: a}, none); !errors.Is(err, persistence.ErrConflict) {
		t.Errorf("an empty document is one: %v", err)
	}
	must(t, j.SwapDoc(t.Context(), persistence.Doc{Kind: "image", Name: "v2", Data: a}, []byte{}))
	if err := j.SwapDoc(t.Context(), persistence.Doc{Kind: "image", Name: "v2", Data: make([]byte, persistence.MaxDoc+1)}, a); !errors.Is(err, persistence.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
}

func endedContextAndClosed(t *testing.T, open Open) {
	j := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Commit(ctx, change("b1", 1, 0)); !errors.Is(err, persistence.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	must(t, j.Close())
	must(t, j.Close())
	if err := j.Commit(t.Context(), change("b1", 1, 0)); !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("closed: %v", err)
	}
	if _, err := j.Events(t.Context(), "b1", 0); !errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("closed: %v", err)
	}
}
