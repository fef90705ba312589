package httpapi

import (
	"net"
	"sync"
	"time"
)

// listener gives each write a deadline of its own and knows its connections. fasthttp's WriteTimeout counts from the
// start of an answer, which would end a followed log after that time, and its Shutdown leaves busy connections open.
type listener struct {
	net.Listener
	limit time.Duration

	mu    sync.Mutex
	conns map[*conn]struct{}
}

func newListener(ln net.Listener, limit time.Duration) *listener {
	return &listener{Listener: ln, limit: limit, conns: make(map[*conn]struct{})}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &conn{Conn: c, of: l}
	l.mu.Lock()
	l.conns[w] = struct{}{}
	l.mu.Unlock()
	return w, nil
}

// closeAll cuts every connection and says how many there were.
func (l *listener) closeAll() int {
	l.mu.Lock()
	conns := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Conn.Close() // the server closes it once more and forgets it then
	}
	return len(conns)
}

// conn is one connection of a listener.
type conn struct {
	net.Conn
	of     *listener
	linger bool // used by the server's goroutine of this connection only
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.of.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 4 << 20
)

// Close implements net.Conn. After a request that was refused before all of it was read, the client is still sending;
// closing at once would reset the connection and take the answer with it, so what comes is read for a moment.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.linger {
		_ = tcp.CloseWrite()
		_ = tcp.SetReadDeadline(time.Now().Add(lingerTime))
		buf := make([]byte, 16<<10)
		for n := 0; n < lingerBytes; {
			m, err := tcp.Read(buf)
			if err != nil {
				break
			}
			n += m
		}
	}
	return c.Conn.Close()
}
