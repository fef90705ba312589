package netboot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
)

// TestStopCutsWhatGoesOn: a transfer that nobody reads, and a question that nobody answers, do not outlast the server.
func TestStopCutsWhatGoesOn(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{kernel: strings.Repeat("k", 32<<20)})
	var conns []net.Conn
	for _, path := range []string{"kernel", "initrd"} {
		conn, err := net.Dial("tcp", r.Addrs().HTTP.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := fmt.Fprintf(conn, "GET /b/%s/%s HTTP/1.1\r\nHost: x\r\n\r\n", alive, path); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	r.stop()
	select {
	case <-r.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not end")
	}
	r.logs.wait(t, "kernel to 127.0.0.1 broke off")
	for _, c := range conns {
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		var timeout net.Error
		if _, err := io.Copy(io.Discard, c); errors.As(err, &timeout) && timeout.Timeout() {
			t.Error("a connection is still open")
		}
	}
}

// TestStopBeforeTheEngineListens: the HTTP engine forgets a shutdown that comes before it has taken up its listener.
func TestStopBeforeTheEngineListens(t *testing.T) {
	t.Parallel()
	s, err := Listen(Config{Rack: "r1", Listen: loopback, Boards: &fakeFleet{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not end")
	}
}

// TestBareCallbacksOfOthers: they carry no token, so the address is all there is.
func TestBareCallbacksOfOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	v := *r.fleet.view
	v.Address = loopback.Next()
	r.fleet.mu.Lock()
	r.fleet.view = &v
	r.fleet.mu.Unlock()
	for path, want := range map[string]int{"board1/event/b2g_rebooting/": 403, "board1/bootconfig/": 403, "board9/bootconfig/": 404} {
		if res, body := r.do(t, "GET", "/api/device/"+path); res.StatusCode != want {
			t.Errorf("%s: %d %q, want %d", path, res.StatusCode, body, want)
		}
	}
	if n := len(r.fleet.asked); n != 0 {
		t.Errorf("%d callbacks of a stranger were taken", n)
	}
}

// TestFallenThrough: the default entry is evidence once it was read, and once only.
func TestFallenThrough(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, end := range []error{io.ErrUnexpectedEOF, nil, nil} {
		x, err := r.openDefault(r.Addrs().TFTP)
		if err != nil {
			t.Fatal(err)
		}
		x.Done(0, end)
	}
	if got := r.fleet.kinds(); len(got) != 1 || got[0] != board.FellThrough {
		t.Errorf("told %v", got)
	}
}
