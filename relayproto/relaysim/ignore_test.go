package relaysim

import (
	"net"
	"runtime"
	"testing"
)

// An ignored client that leaves must not stay behind as a socket: a soak has
// thousands of them.
func TestIgnoredClientLeavesNothing(t *testing.T) {
	t.Parallel()
	b, err := Listen("127.0.0.1:0", Options{Ignore: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	var clients [2]net.Conn
	for i := range clients {
		if clients[i], err = net.Dial("tcp", b.Addr()); err != nil {
			t.Fatal(err)
		}
		b.WaitForOpen(i + 1)
	}
	if err := clients[1].Close(); err != nil {
		t.Fatal(err)
	}
	b.WaitForOpen(1)
	if err := clients[0].Close(); err != nil {
		t.Fatal(err)
	}
	b.WaitForOpen(0)
}

// WaitForOpen returns once the board holds n connections; the test binary's
// own limit ends a wait in vain.
func (b *Board) WaitForOpen(n int) {
	for {
		b.mu.Lock()
		open := len(b.open)
		b.mu.Unlock()
		if open == n {
			return
		}
		runtime.Gosched()
	}
}
