package netboot

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// TestSample: what a board has taken is seen while it is sent, and no more than that once it stops reading.
func TestSample(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // a test's
	board, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = board.Close() }() // may be closed already
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := acked(conn); !ok {
		t.Skip("this system does not tell what was acknowledged")
	}
	const length = 64 << 20
	var arrived atomic.Int64
	stop := sample(conn, time.Millisecond, length, func(n int64) { arrived.Store(n) })
	sent := make(chan struct{})
	go func() {
		_, _ = conn.Write(make([]byte, length)) // ends with the connection
		close(sent)
	}()
	const read = 1 << 20
	if _, err := io.CopyN(io.Discard, board, read); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); arrived.Load() < read; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes were seen to arrive, and %d were read", arrived.Load(), read)
		}
	}
	if n := arrived.Load(); n >= length {
		t.Errorf("all %d bytes were seen to arrive at a board that has stopped reading", n)
	}
	_ = conn.Close()
	stop()
	<-sent
	now := arrived.Load()
	time.Sleep(5 * time.Millisecond)
	if arrived.Load() != now {
		t.Error("it looks on after the end")
	}
}

// A connection that is none of the kernel's tells nothing, and that is no fault.
func TestSampleOfNothing(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	sample(a, time.Millisecond, 1, func(int64) { t.Error("something arrived") })()
}
