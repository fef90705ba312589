package member

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"mozpool/cluster/certs"
)

// maxShaking is how many connections may be amid their handshake; more wait.
const maxShaking = 64

// split makes two listeners of one: connections for the log, and for questions. Both are known to come from servers of
// the cluster.
type split struct {
	from  net.Listener
	log   *branch
	asks  *branch
	slots chan struct{}
	done  chan struct{}
	once  sync.Once
	all   sync.WaitGroup
	out   *slog.Logger
}

func newSplit(from net.Listener, out *slog.Logger) *split {
	s := &split{from: from, slots: make(chan struct{}, maxShaking), done: make(chan struct{}), out: out}
	s.log, s.asks = newBranch(from.Addr()), newBranch(from.Addr())
	s.all.Go(s.accept)
	return s
}

// accept ends when the listener is closed.
func (s *split) accept() {
	for {
		c, err := s.from.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			select { // such as too many open files: others may close some
			case <-time.After(100 * time.Millisecond):
				continue
			case <-s.done:
				return
			}
		}
		s.slots <- struct{}{}
		s.all.Go(func() { s.sort(c) })
	}
}

// sort makes the handshake and hands the connection on.
func (s *split) sort(c net.Conn) {
	protocol, err := certs.Protocol(c)
	<-s.slots
	to, conn := s.log, c
	if protocol == certs.Questions {
		to, conn = s.asks, plain{c}
	}
	if err != nil {
		level := slog.LevelWarn
		if errors.Is(err, io.EOF) {
			level = slog.LevelDebug // who connected did not wait: this server was too slow, or is looked at
		}
		s.out.Log(context.Background(), level, "cluster: a connection was refused", "error", err)
		_ = c.Close() // nobody is left to tell
		return
	}
	to.hand(conn)
}

// plain hides from net/http that a connection is encrypted: it would look for the protocol by its name, and hang up.
type plain struct{ net.Conn }

// Close ends both listeners and the one beneath.
func (s *split) Close() (err error) {
	s.once.Do(func() {
		close(s.done)
		err = s.from.Close()
		err = errors.Join(err, s.log.Close(), s.asks.Close())
		s.all.Wait()
	})
	return err
}

// branch is one of the listeners.
type branch struct {
	address net.Addr
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
}

func newBranch(address net.Addr) *branch {
	return &branch{address: address, conns: make(chan net.Conn), done: make(chan struct{})}
}

// hand gives a connection to whoever accepts; it is closed if nobody does any more.
func (b *branch) hand(c net.Conn) {
	select {
	case b.conns <- c:
	case <-b.done:
		_ = c.Close() // nobody is left to tell
	}
}

// Accept implements net.Listener.
func (b *branch) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (b *branch) Addr() net.Addr { return b.address }

// Close implements net.Listener.
func (b *branch) Close() error {
	b.once.Do(func() { close(b.done) })
	return nil
}
