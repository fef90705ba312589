package httpapi

import (
	"context"
	"net"
	"sync"
	"time"
)

// lookEvery is how often it is looked who of those that read streams has hung up. Writing tells as well, but only the
// second write after that, which for a quiet stream is two signs of life later: until then it would keep its place and
// its buffers.
const lookEvery = time.Second

// audience are the connections that streams are sent on.
type audience struct {
	mu    sync.Mutex
	there map[*conn]context.CancelFunc
}

// attend gives the context of a stream, which ends when its client hangs up, when release is called, or when the server
// stops. One connection has one stream at a time.
func (s *Server) attend(r *request) (ctx context.Context, release context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.streams)
	c := below(r.raw.Conn())
	if c == nil {
		return ctx, cancel
	}
	a := &s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.there[c] = cancel
	return ctx, func() {
		cancel()
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.there, c)
	}
}

// below is the connection under what a request came by, nil: another one.
func below(c net.Conn) *conn {
	if e, ok := c.(*ending); ok {
		c = e.NetConn()
	}
	w, _ := c.(*conn)
	return w
}

// look ends the streams of those who hung up, until ctx ends.
func (a *audience) look(ctx context.Context) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		a.mu.Lock()
		for c, cancel := range a.there {
			if hungUp(c.Conn) {
				cancel() // release, which the stream calls, forgets it
			}
		}
		a.mu.Unlock()
	}
}
