package hostile

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
)

// TestIdleConnections: 10,000 connections on each listener, half of them in the middle of a header, while boards are imaged.
func TestIdleConnections(t *testing.T) {
	want := 10000
	limit := syscall.Rlimit{Cur: 65536, Max: 65536}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
		want = min(want, int(limit.Cur)/2-500) // both ends of the test's own two floods
		t.Logf("scaled down to %d on each listener: a process may have %d files here (%v)", want, limit.Cur, err)
	}
	r := newRack(t, 2, "127.109.0.0")
	r.start()
	held := map[int]int{}
	for _, port := range []int{r.ports.http, r.ports.api} {
		for i := range want {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				break
			}
			defer func() { _ = c.Close() }() // nothing was said on it
			if i%2 == 0 {
				_, _ = io.WriteString(c, "GET /b/x HTTP/1.1\r\nX: ") // the API turns most away
			}
			held[port]++
		}
	}
	t.Logf("held %v", held)
	if held[r.ports.http] < want {
		t.Errorf("the boards' listener took only %d", held[r.ports.http])
	}
	r.until("the API takes wishes beside idle connections", func() bool { return r.get("/readyz").status == 200 })
	r.image(r.names()...)
	r.allReady()
}
