package httpapi

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// listener gives each write a deadline of its own and knows its connections. fasthttp's WriteTimeout counts from the
// start of an answer, which would end a followed log after that time, and its Shutdown leaves busy connections open. It
// lets in only so many of one source, so that one client that forgets its connections does not shut out all others.
type listener struct {
	net.Listener
	limit  time.Duration // for a write
	secure bool          // TLS is spoken above
	away   chan struct{} // one for each connection that is being turned away

	mu    sync.Mutex
	conns map[*conn]struct{}
	crowd crowd
}

func newListener(ln net.Listener, cfg Config) *listener {
	return &listener{Listener: ln, limit: cfg.WriteLimit, secure: cfg.TLS != nil, away: make(chan struct{}, awayAtOnce), conns: make(map[*conn]struct{}),
		crowd: crowd{perSource: min(cfg.MaxConnsPerSource, cfg.MaxConns), inAll: cfg.MaxConns, sources: make(map[netip.Addr]int)}}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w := &conn{Conn: c, of: l, source: sourceOf(c.RemoteAddr())}
		why := l.enter(w)
		if why == nil {
			return w, nil
		}
		l.turnAway(c, why)
	}
}

// enter counts a connection, or says why it is one too many.
func (l *listener) enter(c *conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.crowd.enter(c.source); err != nil {
		return err
	}
	l.conns[c] = struct{}{}
	return nil
}

// leave gives a connection's place back, once.
func (l *listener) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.conns[c]; there {
		delete(l.conns, c)
		l.crowd.leave(c.source)
	}
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
	source netip.Addr
	linger bool // used by the server's goroutine of this connection only
	ended  bool // likewise: no more will come
}

// Read implements net.Conn, and notes the end.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
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
	c.of.leave(c)
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
