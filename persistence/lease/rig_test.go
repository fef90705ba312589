package lease

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mozpool/persistence"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memory is the least that ops can be carried out on.
type memory map[string][]byte

// Get implements persistence.KV.
func (m memory) Get(key []byte) ([]byte, error) {
	value, ok := m[string(key)]
	if !ok {
		return nil, persistence.ErrNotFound
	}
	return value, nil
}

// Set implements persistence.KV.
func (m memory) Set(key, value []byte) error { m[string(key)] = value; return nil }

// Delete implements persistence.KV.
func (m memory) Delete(key []byte) error { delete(m, string(key)); return nil }

// Scan implements persistence.KV, forwards only.
func (m memory) Scan(prefix []byte, _ bool, fn func(key, value []byte) bool) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(key, string(prefix)) && !fn([]byte(key), m[key]) {
			break
		}
	}
	return nil
}

func (m memory) state(t testing.TB) State {
	t.Helper()
	s, err := Read(m)
	must(t, err)
	return s
}
