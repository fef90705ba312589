package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Network is how the servers of a group reach each other. What it hands out
// must already be encrypted, and the peer's right to be there checked.
type Network struct {
	// Listener is closed by Close.
	Listener net.Listener
	// Dial connects to another server's Address.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Address is where the others reach Listener.
	Address string
	// Node says which node a connection comes from, by its certificate; nil
	// where there is none, and then a server that joins is believed.
	Node func(net.Conn) (string, error)
}

// The first byte of a connection says what it is for.
const (
	forRaft = 'R'
	forAsks = 'A'
)

const (
	helloTime = 5 * time.Second // for that byte
	raftTime  = 5 * time.Second // for one exchange of raft
	maxOpen   = 64              // connections that have not said what they are for
)

// exchange sorts incoming connections by their first byte; it is raft's
// StreamLayer.
type exchange struct {
	net   *Network
	raft  chan net.Conn
	serve func(net.Conn)
	done  chan struct{} // closed when Listener is
	once  sync.Once
	slots chan struct{}
	all   sync.WaitGroup
	muted atomic.Bool // raft reaches nobody any more
	mu    sync.Mutex
	open  map[net.Conn]struct{} // not raft's; closed at the end
}

func newExchange(n *Network, serve func(net.Conn)) *exchange {
	x := &exchange{net: n, serve: serve, raft: make(chan net.Conn), done: make(chan struct{}),
		slots: make(chan struct{}, maxOpen), open: map[net.Conn]struct{}{}}
	x.all.Go(x.accept)
	return x
}

// accept ends when the listener is closed.
func (x *exchange) accept() {
	for {
		c, err := x.net.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			select { // such as too many open files: others may close some
			case <-time.After(100 * time.Millisecond):
				continue
			case <-x.done:
				return
			}
		}
		x.slots <- struct{}{}
		x.all.Go(func() { x.sort(c) })
	}
}

// sort reads the first byte and hands the connection on.
func (x *exchange) sort(c net.Conn) {
	if !x.keep(c) {
		<-x.slots
		_ = c.Close() // nobody is left to tell
		return
	}
	var hello [1]byte
	_ = c.SetReadDeadline(time.Now().Add(helloTime)) // fails only if closed, as Read then does
	_, err := c.Read(hello[:])
	<-x.slots
	if err == nil {
		err = c.SetReadDeadline(time.Time{})
	}
	switch {
	case err == nil && hello[0] == forRaft:
		x.forget(c) // raft closes what it takes
		select {
		case x.raft <- c:
			return
		case <-x.done:
		}
	case err == nil && hello[0] == forAsks:
		x.serve(c)
	}
	x.forget(c)
	_ = c.Close() // nobody is left to tell
}

// keep notes a connection, so that Close ends it; false = already closed.
func (x *exchange) keep(c net.Conn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	select {
	case <-x.done:
		return false
	default:
	}
	x.open[c] = struct{}{}
	return true
}

func (x *exchange) forget(c net.Conn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.open, c)
}

// dial connects for one of the purposes.
func (x *exchange) dial(ctx context.Context, address string, purpose byte) (net.Conn, error) {
	c, err := x.net.Dial(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	_ = c.SetWriteDeadline(time.Now().Add(helloTime)) // fails only if closed, as Write then does
	if _, err := c.Write([]byte{purpose}); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", address, err), c.Close())
	}
	return c, c.SetWriteDeadline(time.Time{})
}

// Dial implements raft.StreamLayer.
func (x *exchange) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := x.dial(ctx, string(address), forRaft)
	if err != nil {
		return nil, err
	}
	return outgoing{c, &x.muted}, nil
}

// outgoing is a connection of raft's to another server.
type outgoing struct {
	net.Conn
	muted *atomic.Bool
}

// Write implements net.Conn.
func (c outgoing) Write(p []byte) (int, error) {
	if c.muted.Load() {
		return 0, errors.New("this server leaves the others alone")
	}
	return c.Conn.Write(p)
}

// Accept implements net.Listener, for raft.
func (x *exchange) Accept() (net.Conn, error) {
	select {
	case c := <-x.raft:
		return c, nil
	case <-x.done:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener: what the others know.
func (x *exchange) Addr() net.Addr { return address(x.net.Address) }

// Close implements net.Listener.
func (x *exchange) Close() error {
	var err error
	x.once.Do(func() {
		close(x.done)
		err = x.net.Listener.Close()
		x.mu.Lock()
		for c := range x.open {
			err = errors.Join(err, c.Close())
		}
		x.mu.Unlock()
		x.all.Wait()
	})
	return err
}

type address string

// Network implements net.Addr.
func (address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }
