// Package port gives tests numbers of ports that a server can be told to listen on, again after each restart.
//
// It decides for numbers below those that the kernel hands out by itself (from 32768 on), so that no connection of
// another test has taken one by the time the server starts, and hands out none twice. It keeps nothing open: a server in
// a process of its own could not listen then. Called by tests that start real servers.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

const (
	first = 20000
	count = 12000
	looks = 100
)

var given sync.Map // port: nothing

// Free gives a port on loopback on which nobody listens, neither by TCP nor by UDP.
func Free(t testing.TB) int {
	t.Helper()
	for range looks {
		n := first + rand.IntN(count)
		if _, before := given.LoadOrStore(n, struct{}{}); !before && idle(n) {
			return n
		}
	}
	t.Fatalf("none of %d ports from %d to %d is free", looks, first, first+count-1)
	return 0
}

// idle tells whether a server could listen on a port now.
func idle(n int) bool {
	at := fmt.Sprintf("127.0.0.1:%d", n)
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	defer func() { _ = l.Close() }() // only its number is wanted
	c, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	_ = c.Close() // likewise
	return true
}
