package replica

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mozpool/persistence"
)

// waitFor polls a condition; the limit only ends a test that hangs.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	end := time.After(time.Minute)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func snapshotOf(t testing.TB, r *Replica) (index uint64, content []byte) {
	t.Helper()
	list, err := r.member.stores.snaps.List()
	must(t, err)
	if len(list) == 0 {
		return 0, nil
	}
	_, source, err := r.member.stores.snaps.Open(list[0].ID)
	if err != nil {
		return 0, nil // just being replaced by the next
	}
	content, err = io.ReadAll(source)
	must(t, errors.Join(err, source.Close()))
	return list[0].Index, content
}

func TestSnapshotsByBytesOfLog(t *testing.T) {
	t.Parallel()
	r := openTest(t, t.TempDir(), Options{SnapshotBytes: 300 << 10})
	doc := persistence.Doc{Kind: "kind", Name: "large", Data: make([]byte, 100<<10)}
	must(t, r.PutDoc(t.Context(), doc))
	must(t, r.PutDoc(t.Context(), doc))
	if index, _ := snapshotOf(t, r); index != 0 {
		t.Errorf("a snapshot at %d, before there was so much log", index)
	}
	must(t, r.PutDoc(t.Context(), doc))
	waitFor(t, "a snapshot", func() bool { index, _ := snapshotOf(t, r); return index > 0 })
}

// A lost store is made anew from the snapshot and the log after it.
func TestLostStoreComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{SnapshotBytes: 1})
	for i := range uint64(10) {
		must(t, r.Commit(t.Context(), change(fmt.Sprint("b", i), 1, 0)))
	}
	waitFor(t, "a snapshot", func() bool { index, _ := snapshotOf(t, r); return index > 3 })
	must(t, r.Commit(t.Context(), change("b0", 1, 1)))
	must(t, r.Close())
	must(t, os.RemoveAll(filepath.Join(dir, "badger")))
	restored := false
	got := load(t, openTest(t, dir, Options{Restored: func() { restored = true }}))
	if len(got) != 10 || got["b0"].Seq != 2 || !restored {
		t.Errorf("came back: %+v, told of it: %v", got, restored)
	}
}

func TestTornRestoreBeginsAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openTest(t, dir, Options{SnapshotBytes: 1})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	waitFor(t, "a snapshot", func() bool { index, _ := snapshotOf(t, r); return index > 0 })
	must(t, r.Close())
	state, err := persistence.OpenState(dir, persistence.Options{})
	must(t, err)
	err = state.Replace(func(set func(key, value []byte) error) error {
		return errors.Join(set([]byte("rubbish"), nil), set(appliedKey, make([]byte, 8)), io.ErrUnexpectedEOF)
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	must(t, state.Close())
	r = openTest(t, dir, Options{})
	_, content := snapshotOf(t, r)
	if got := load(t, r)["b1"]; got.Seq != 1 || bytes.Contains(content, []byte("rubbish")) {
		t.Errorf("got %+v", got)
	}
}

func TestCutOffSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	r := openTest(t, t.TempDir(), Options{SnapshotBytes: 1})
	must(t, r.Commit(t.Context(), change("b1", 1, 0)))
	waitFor(t, "a snapshot", func() bool { index, _ := snapshotOf(t, r); return index > 0 })
	must(t, r.Close())
	state, err := persistence.OpenState(t.TempDir(), persistence.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, state.Close()) })
	var whole bytes.Buffer
	moment, err := state.Moment()
	must(t, err)
	must(t, picture{moment}.write(&whole))
	moment.Release()
	for size := range whole.Len() {
		m, err := newMachine(state, Options{}.withDefaults())
		must(t, err)
		m.onFail = func(error) {}
		if err := m.Restore(io.NopCloser(bytes.NewReader(whole.Bytes()[:size]))); err == nil {
			t.Errorf("%d of %d bytes were taken for the whole", size, whole.Len())
		}
	}
}
