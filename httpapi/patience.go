package httpapi

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends with the server's, or when a request has waited long enough. Its timer is made once
// somebody looks at it: most reads wait for nobody, and a timer for each was a twentieth of their CPU time.
type patience struct {
	server context.Context
	until  time.Time
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
}

func (s *Server) patience() *patience {
	return &patience{server: s.asking, until: time.Now().Add(s.cfg.AskLimit)}
}

func (p *patience) begun() context.Context {
	p.once.Do(func() { p.ctx, p.cancel = context.WithDeadline(p.server, p.until) })
	return p.ctx
}

// over is a context that has ended.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// end lets go of the timer, if there is one. Who looks for the first time after that finds it ended.
func (p *patience) end() {
	p.once.Do(func() { p.ctx, p.cancel = over, func() {} })
	p.cancel()
}

// Deadline implements context.Context.
func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

// Done implements context.Context.
func (p *patience) Done() <-chan struct{} { return p.begun().Done() }

// Err implements context.Context.
func (p *patience) Err() error { return p.begun().Err() }

// Value implements context.Context. Contexts that are made of this one find the real one by it.
func (p *patience) Value(key any) any { return p.begun().Value(key) }
