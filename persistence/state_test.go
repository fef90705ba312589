package persistence

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func openTestState(t *testing.T, dir string, opt Options) *State {
	t.Helper()
	st, err := OpenState(dir, opt)
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	return st
}

func keys(t *testing.T, st *State) string {
	t.Helper()
	var all []string
	must(t, st.View(func(tx KV) error {
		return tx.Scan(nil, false, func(key, _ []byte) bool { all = append(all, string(key)); return true })
	}))
	return strings.Join(all, " ")
}

func setKeys(names ...string) func(KV) error {
	return func(tx KV) error {
		for _, name := range names {
			if err := tx.Set([]byte(name), []byte("of "+name)); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestStateTakesOverALocalFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openTest(t, dir, Options{})
	must(t, j.PutDoc(t.Context(), Doc{"kind", "name", nil}))
	must(t, j.Close())
	st := openTestState(t, dir, Options{})
	if got := keys(t, st); got != "d\x00kind\x00name\x00" {
		t.Errorf("took over %q", got)
	}
	must(t, st.Close())
	if _, err := OpenLocal(dir, Options{}); err == nil || !strings.Contains(err.Error(), `holds "mozpool journal 2"`) {
		t.Errorf("the version before: %v", err)
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	wrong := errors.New("wrong")
	err := st.Update(func(tx KV) error { return errors.Join(setKeys("a")(tx), wrong) })
	if !errors.Is(err, wrong) || keys(t, st) != "" {
		t.Errorf("got %v and %q", err, keys(t, st))
	}
	err = st.Update(func(tx KV) error {
		for i := range 64 {
			if err := tx.Set(fmt.Append(nil, i), make([]byte, MaxDoc)); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, ErrTooBig) || keys(t, st) != "" {
		t.Errorf("got %v and %q", err, keys(t, st))
	}
	must(t, st.Update(setKeys("a", "b")))
	if got := keys(t, st); got != "a b" {
		t.Errorf("stored %q", got)
	}
}

func TestMomentStandsStill(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	must(t, st.Update(setKeys("a", "b")))
	moment, err := st.Moment()
	must(t, err)
	defer moment.Release()
	must(t, st.Update(setKeys("c")))
	var seen string
	must(t, moment.Each(func(key, _ []byte) bool { seen += string(key); return true }))
	if seen != "ab" {
		t.Errorf("saw %q", seen)
	}
}

func TestReplaceSaysWhenItIsTorn(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	must(t, st.Update(setKeys("a", "b")))
	cut := errors.New("cut off")
	err := st.Replace(func(set func(key, value []byte) error) error {
		return errors.Join(set([]byte("c"), nil), cut)
	})
	if !errors.Is(err, cut) || !st.Torn() {
		t.Errorf("got %v, torn %v", err, st.Torn())
	}
	must(t, st.Replace(func(set func(key, value []byte) error) error { return set([]byte("d"), []byte("4")) }))
	if got := keys(t, st); got != "d" || st.Torn() {
		t.Errorf("holds %q, torn %v", got, st.Torn())
	}
}

func TestClosedStateAnswers(t *testing.T) {
	t.Parallel()
	st := openTestState(t, t.TempDir(), Options{})
	must(t, st.Close())
	_, moment := st.Moment()
	for _, err := range []error{st.Update(setKeys("a")), st.View(setKeys("a")), moment, st.Replace(nil)} {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
}

func TestStateRefusesAFullDisk(t *testing.T) {
	t.Parallel()
	free := uint64(1 << 30)
	st := openTestState(t, t.TempDir(), Options{MinFree: 64 << 20, freeSpace: func(string) (uint64, error) { return free, nil }})
	free = 100 << 20
	must(t, st.SpaceFor(64<<20))
	if err := st.SpaceFor(128 << 20); !errors.Is(err, ErrUnavailable) {
		t.Errorf("low water: %v", err)
	}
	free = 1 << 20
	if err := st.Update(setKeys("a")); !errors.Is(err, ErrUnavailable) || keys(t, st) != "" {
		t.Errorf("full: %v, holds %q", err, keys(t, st))
	}
}
