package port

import (
	"fmt"
	"net"
	"testing"
)

// TestFree: each port is another, below those that the kernel hands out, and can be listened on by both protocols.
func TestFree(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 50 {
		n := Free(t)
		if seen[n] || n < first || n >= first+count {
			t.Fatalf("port %d; before: %v", n, seen[n])
		}
		seen[n] = true
	}
}

// TestIdle: a port on which somebody listens by either protocol is not idle.
func TestIdle(t *testing.T) {
	t.Parallel()
	n := Free(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n))
	if err != nil {
		t.Skipf("another process was faster: %v", err)
	}
	if idle(n) {
		t.Error("a port with a listener is called idle")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", n))
	if err != nil {
		t.Skipf("another process was faster: %v", err)
	}
	if idle(n) {
		t.Error("a port with a UDP socket is called idle")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
