package netboot

import (
	"net"
	"sync"

	"github.com/valyala/fasthttp"
)

// conns are the open connections of the HTTP server, which can only wait for them.
type conns struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func newConns() *conns { return &conns{open: make(map[net.Conn]struct{})} }

// note is the engine's hook for what becomes of a connection.
func (c *conns) note(conn net.Conn, state fasthttp.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case fasthttp.StateNew:
		c.open[conn] = struct{}{}
	case fasthttp.StateClosed, fasthttp.StateHijacked:
		delete(c.open, conn)
	case fasthttp.StateActive, fasthttp.StateIdle:
	}
}

// cut closes them all; reads and writes on them fail at once.
func (c *conns) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.Close() // its handler sees it
	}
}
