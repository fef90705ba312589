package relayproto

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// dialWord makes the test binary a process that connects and waits to be killed.
const dialWord = "dial-and-wait"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == dialWord {
		s, err := Dial(context.Background(), Config{Address: os.Args[2]})
		if err == nil {
			err = s.Test()
		}
		fmt.Println(err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// connected gives a session and the other side of its connection.
func connected(t *testing.T) (*Session, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s, err := Dial(context.Background(), Config{Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return s, c
}

func TestSocketForgetsADeadProcess(t *testing.T) {
	t.Parallel()
	s, _ := connected(t)
	raw, err := s.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var linger *unix.Linger
	var timeout int
	var failed error
	err = raw.Control(func(fd uintptr) {
		var first, second error
		linger, first = unix.GetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER)
		timeout, second = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		failed = errors.Join(first, second)
	})
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if linger.Onoff != 1 || linger.Linger != 0 || timeout != 700 {
		t.Fatalf("SO_LINGER %+v, TCP_USER_TIMEOUT %d", linger, timeout)
	}
}

// The relay board of a server that is killed sees a reset at once, also with
// bytes that were never read: nothing of the dead arrives later.
func TestKilledProcessResets(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	server := exec.Command(os.Args[0], dialWord, l.Addr().String())
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Wait() }() // it is killed
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	test := make([]byte, 2)
	if _, err := io.ReadFull(conn, test); err != nil || string(test) != "\xfe\x21" {
		t.Fatalf("read % x, %v", test, err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(test); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("the relay board saw %d bytes, %v; want a reset", n, err)
	}
}

func TestOwnCloseIsOrderly(t *testing.T) {
	t.Parallel()
	s, other := connected(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := other.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("the relay board saw %v; want an end, not a reset", err)
	}
}

func TestNoHostIsUnreachable(t *testing.T) {
	t.Parallel()
	_, err := Dial(context.Background(), Config{Address: "relay.invalid.:notaport"})
	if !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
}

// The hook that wakes a session at its context's end may run before the limit
// of a reply is set: nothing may be written then, and nothing waited for.
func TestEndBetweenLeaseAndWrite(t *testing.T) {
	t.Parallel()
	s, _ := connected(t)
	s.config.Before = func() error {
		s.cancel()
		for {
			if _, err := s.conn.Write(nil); err != nil {
				return nil
			}
		}
	}
	if err := s.Test(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if sent := s.Exchange().Steps[0].Sent; len(sent) != 0 {
		t.Fatalf("sent % d", sent)
	}
}

// An extra byte in a segment of its own may be a legal answer to the next
// question: it must not become one.
func TestLateByteIsSeenBeforeTheNextCommand(t *testing.T) {
	t.Parallel()
	s, other := connected(t)
	if _, err := other.Write([]byte{replyReleased}); err != nil {
		t.Fatal(err)
	}
	for len(waiting(s.conn)) == 0 {
		runtime.Gosched()
	}
	if on, err := s.Read(Relay{1, 1}); !errors.Is(err, ErrNonsense) {
		t.Fatalf("a byte that nobody asked for was taken for %v, %v", on, err)
	}
	if step := s.Exchange().Steps[0]; len(step.Sent) != 0 || len(step.Read) != 1 {
		t.Fatalf("recorded %+v", step)
	}
}

func TestConnWithoutASession(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the other side saw %v; want an end, not a reset", err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Fatal("a second close:", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), l.Addr().String(), nil); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
}
