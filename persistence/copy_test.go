package persistence

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestMomentAlone: of a store of several servers a server by itself gets boards, events, attempts and documents, and
// goes on with the first epoch. What is about servers, their leases and their fences stays behind.
func TestMomentAlone(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	theirs := Change{Board: "b1", Rack: "r1", Epoch: 7, Record: []byte("record"), Event: []byte("event"), Inputs: []byte("inputs"),
		Attempt: &Attempt{Number: 1, Summary: []byte("summary")}}
	must(t, st.Update(func(tx KV) error {
		must(t, setKeys("s\x00img1\x00", "l\x00r1\x00", "R\x00applied")(tx))
		must(t, Fence(tx, "r1", 7))
		must(t, theirs.apply(tx))
		must(t, tx.Set(docKey("cluster-drain", "img1"), nil))
		return tx.Set(docKey("image", "v2"), []byte("entry"))
	}))
	moment, err := st.Moment()
	must(t, err)
	defer moment.Release()
	dir := filepath.Join(t.TempDir(), "journal")
	must(t, FillLocal(dir, Options{}, func(set func(key, value []byte) error) (err error) {
		scan := moment.Alone(func(kind string) bool { return kind == "cluster-drain" }).Each(func(key, value []byte) bool {
			err = set(key, value)
			return err == nil
		})
		must(t, scan)
		return err
	}))
	j := openTest(t, dir, Options{})
	if got, want := keys(t, &State{j.s}), "a\x00b1\x00\x00\x00\x00\x00\x00\x00\x00\x01 b\x00b1\x00i b\x00b1\x00r d\x00image\x00v2\x00 e\x00b1\x00\x00\x00\x00\x00\x00\x00\x00\x00"; got != want {
		t.Errorf("keys %q\nwant %q", got, want)
	}
	must(t, j.Commit(t.Context(), Change{Board: "b1", Rack: "r1", Epoch: 1, PrevSeq: 1, Record: []byte("next")}))
}

// TestMomentAloneStops: where the one who reads wants no more, and at a record that cannot be read.
func TestMomentAloneStops(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	must(t, st.Update(setKeys("a\x00b1\x00", "b\x00b1\x00r", "d\x00image\x00v2\x00")))
	moment, err := st.Moment()
	must(t, err)
	defer moment.Release()
	alone, seen := moment.Alone(func(string) bool { return false }), 0
	must(t, alone.Each(func(_, _ []byte) bool { seen++; return false }))
	if seen != 1 {
		t.Errorf("went on, %d times", seen)
	}
	if err := alone.Each(func(_, _ []byte) bool { return true }); err == nil || !strings.Contains(err.Error(), "not of this format") {
		t.Errorf("a broken record: %v", err)
	}
}
