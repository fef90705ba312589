package persistence

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Memory is a Journal without a disk: the same rules, for tests and
// simulations. It has no goroutines, so it works within testing/synctest.
type Memory struct {
	Core
	m *memoryStore
}

// Faults may be set on a Memory; each is called before or after a write and
// may wait. An error from Before is the answer and nothing is stored; one
// from After is the answer although it was stored (as ErrUnknown can be).
type Faults struct {
	Before func(ctx context.Context) error
	After  func(ctx context.Context) error
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	m := &memoryStore{data: map[string][]byte{}}
	return &Memory{NewCore(m), m}
}

// SetFaults replaces the faults; the zero Faults ends them.
func (j *Memory) SetFaults(f Faults) {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	j.m.faults = f
}

// Close implements Journal.
func (j *Memory) Close() error {
	j.m.mu.Lock()
	defer j.m.mu.Unlock()
	j.m.closed = true
	return nil
}

type memoryStore struct {
	mu     sync.Mutex
	data   map[string][]byte
	faults Faults
	closed bool
}

// Write implements Store.
func (m *memoryStore) Write(ctx context.Context, op Op) error {
	m.mu.Lock()
	faults := m.faults
	m.mu.Unlock()
	if err := callFault(ctx, faults.Before); err != nil {
		return err
	}
	if err := m.Read(ctx, op.Apply); err != nil {
		return err
	}
	return callFault(ctx, faults.After)
}

// Read implements Store, and serves Write: judging precedes writing, so a refused write left nothing.
func (m *memoryStore) Read(ctx context.Context, fn func(KV) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	if ctx.Err() != nil {
		return notHandedOver(ctx)
	}
	return fn(mapKV(m.data))
}

func callFault(ctx context.Context, fault func(context.Context) error) error {
	if fault == nil {
		return nil
	}
	return fault(ctx)
}

type mapKV map[string][]byte

func (m mapKV) Get(key []byte) ([]byte, error) {
	value, ok := m[string(key)]
	if !ok {
		return nil, ErrNotFound
	}
	return bytes.Clone(value), nil
}

func (m mapKV) Set(key, value []byte) error {
	m[string(key)] = append([]byte{}, value...)
	return nil
}

func (m mapKV) Delete(key []byte) error {
	delete(m, string(key))
	return nil
}

func (m mapKV) Scan(prefix []byte, backwards bool, fn func(key, value []byte) bool) error {
	keys := slices.Sorted(maps.Keys(m))
	if backwards {
		slices.Reverse(keys)
	}
	for _, key := range keys {
		if strings.HasPrefix(key, string(prefix)) && !fn([]byte(key), bytes.Clone(m[key])) {
			break
		}
	}
	return nil
}
