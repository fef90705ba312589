package ask

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	rememberFor  = 2 * time.Minute // longer than anybody asks the same again
	rememberMost = 4096            // answers; more are forgotten, the oldest first
)

// memory keeps what was answered to which id, so that a question that comes twice is carried out once.
type memory struct {
	mu    sync.Mutex
	known map[string]*answered
	order []*answered // by age
}

type answered struct {
	id   string
	at   time.Time
	done chan struct{}
	data []byte
	err  error
}

func newMemory() *memory { return &memory{known: map[string]*answered{}} }

// once carries do out, or gives what it gave to the same id before, or is about to give. ctx bounds the waiting only.
func (m *memory) once(ctx context.Context, id string, do func() ([]byte, error)) ([]byte, error) {
	if id == "" {
		return do()
	}
	a, mine := m.claim(id)
	if mine {
		a.data, a.err = do()
		close(a.done)
		return a.data, a.err
	}
	select {
	case <-a.done:
		return a.data, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the same question is still being carried out: %w", context.Cause(ctx))
	}
}

// claim finds what is known of an id; mine: nothing was, and the caller carries it out.
func (m *memory) claim(id string) (a *answered, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a = m.known[id]; a != nil {
		return a, false
	}
	now := time.Now()
	for len(m.order) > 0 && (len(m.order) >= rememberMost || now.Sub(m.order[0].at) > rememberFor) {
		delete(m.known, m.order[0].id)
		m.order = m.order[1:]
	}
	a = &answered{id: id, at: now, done: make(chan struct{})}
	m.known[id] = a
	m.order = append(m.order, a)
	return a, true
}
