package replica

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"mozpool/persistence"
)

func testMachine(t *testing.T, dir string, opt Options) *machine {
	t.Helper()
	state, err := persistence.OpenState(dir, persistence.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, state.Close()) })
	m, err := newMachine(state, opt.withDefaults())
	must(t, err)
	m.full, m.onFail = func() {}, func(error) {}
	return m
}

func put(t *testing.T, index uint64, name string, size int) *raft.Log {
	t.Helper()
	op := testDoc{Name: name, Data: make([]byte, size)}
	data, err := persistence.EncodeOp(op)
	must(t, err)
	return &raft.Log{Index: index, Type: raft.LogCommand, Data: appendOp(nil, data)}
}

// testDoc counts in its first byte how often it was carried out, up to 9.
type testDoc struct {
	Name string
	Data []byte
}

// Apply implements persistence.Op.
func (d testDoc) Apply(tx persistence.KV) error {
	old, err := tx.Get([]byte(d.Name))
	if errors.Is(err, persistence.ErrNotFound) {
		old = []byte{0}
	} else if err != nil {
		return err
	}
	if old[0] == 9 {
		return fmt.Errorf("enough: %w", persistence.ErrConflict)
	}
	return tx.Set([]byte(d.Name), append([]byte{old[0] + 1}, d.Data...))
}

// Size implements persistence.Op.
func (d testDoc) Size() int { return len(d.Data) + 1 }

// Letter implements persistence.Op.
func (testDoc) Letter() byte { return 't' }

var testKinds = persistence.Kinds{'t': persistence.DecodeAs[testDoc]}

func count(t *testing.T, m *machine, name string) (n byte) {
	t.Helper()
	must(t, m.state.View(func(tx persistence.KV) error {
		value, err := tx.Get([]byte(name))
		if err == nil {
			n = value[0]
		}
		return nil
	}))
	return n
}

func TestEntriesAreCarriedOutOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := testMachine(t, dir, Options{Kinds: testKinds})
	m.ApplyBatch([]*raft.Log{put(t, 2, "a", 1), {Index: 3, Type: raft.LogConfiguration}, put(t, 4, "a", 1)})
	must(t, m.state.Close())
	m = testMachine(t, dir, Options{Kinds: testKinds}) // raft offers all again
	m.ApplyBatch([]*raft.Log{put(t, 2, "a", 1), put(t, 4, "a", 1), put(t, 5, "a", 1)})
	if n := count(t, m, "a"); n != 3 || m.applied != 5 {
		t.Errorf("carried out %d times of 3, up to %d", n, m.applied)
	}
}

func TestRefusalsAreAnswersAndSeen(t *testing.T) {
	t.Parallel()
	seen, refused := 0, 0
	m := testMachine(t, t.TempDir(), Options{Kinds: testKinds, Observe: func(_ persistence.Op, answer error) {
		seen++
		if errors.Is(answer, persistence.ErrConflict) {
			refused++
		}
	}})
	var logs []*raft.Log
	for i := range uint64(11) {
		logs = append(logs, put(t, i+1, "a", 1))
	}
	answers := m.ApplyBatch(logs)
	for i, answer := range answers {
		list, ok := answer.([]error)
		if !ok || len(list) != 1 || (i < 9) != (list[0] == nil) {
			t.Errorf("entry %d: %v", i, answer)
		}
	}
	if seen != 11 || refused != 2 || m.failure() != nil {
		t.Errorf("saw %d, %d refused, failed %v", seen, refused, m.failure())
	}
}

// However large a batch is, it is cut into transactions that fit.
func TestLargeBatchesAreCut(t *testing.T) {
	t.Parallel()
	m := testMachine(t, t.TempDir(), Options{Kinds: testKinds})
	var logs []*raft.Log
	for i := range uint64(12) {
		logs = append(logs, put(t, i+1, fmt.Sprint(i), persistence.MaxDoc))
	}
	for i, answer := range m.ApplyBatch(logs) {
		if list, ok := answer.([]error); !ok || list[0] != nil || count(t, m, fmt.Sprint(i)) != 1 {
			t.Errorf("entry %d: %v", i, answer)
		}
	}
}

// After a failure nothing is carried out, not even what would succeed.
func TestNothingAfterAFailure(t *testing.T) {
	t.Parallel()
	m := testMachine(t, t.TempDir(), Options{Kinds: testKinds})
	strange := &raft.Log{Index: 2, Type: raft.LogCommand, Data: []byte("?")}
	answers := m.ApplyBatch([]*raft.Log{put(t, 1, "a", 1), strange, put(t, 3, "b", 1)})
	for _, answer := range answers {
		if err, ok := answer.(error); !ok || !errors.Is(err, persistence.ErrUnknown) {
			t.Errorf("got %v", answer)
		}
	}
	m.ApplyBatch([]*raft.Log{put(t, 4, "c", 1)})
	if m.applied != 0 || count(t, m, "b") != 0 || count(t, m, "c") != 0 {
		t.Errorf("went on up to %d", m.applied)
	}
}

func TestEntriesReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 10).Draw(t, "sizes")
		var entry []byte
		for i, size := range sizes {
			data, err := persistence.EncodeOp(testDoc{fmt.Sprint(i), make([]byte, size)})
			if err != nil {
				t.Fatal(err)
			}
			entry = appendOp(entry, data)
		}
		ops, err := splitEntry(entry, testKinds)
		if err != nil || len(ops) != len(sizes) {
			t.Fatalf("%d of %d: %v", len(ops), len(sizes), err)
		}
		cut := rapid.IntRange(0, len(entry)-1).Draw(t, "cut")
		if got, err := splitEntry(entry[:cut], testKinds); err == nil && len(got) >= len(ops) {
			t.Fatalf("cut at %d of %d was taken for the whole", cut, len(entry))
		}
	})
}
