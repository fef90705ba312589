package tftp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// still is a reactor whose thread does not run, with one transfer that has begun; c is its client.
func still(t *testing.T) (r *reactor, x *task, c *net.UDPConn) {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	r, err2 := newReactor()
	s := &transfer{peer: c.LocalAddr().(*net.UDPAddr).AddrPort(), terms: terms{block: 512, window: 1}, silence: time.Hour, answered: func() {}}
	s.from = &source{block: 512, file: &File{Size: 5000}, shared: &mapping{data: make([]byte, 5000), has: make([]atomic.Bool, 1)}}
	s.from.shared.has[0].Store(true)
	s.flight = newFlight(s.terms, 5000)
	w, err3 := newFastWire(s, loopback, true)
	if err := errors.Join(err2, err3); err != nil {
		t.Fatal(err)
	}
	s.wire = w
	x = &task{transfer: s, wire: w, turn: make(chan bool, 1)}
	t.Cleanup(func() { _ = errors.Join(c.Close(), unix.Close(w.fd), unix.Close(r.poll), unix.Close(r.bell)) })
	r.settle(x, r.begin(x, start))
	return r, x, c
}

// tell sends to a transfer. Over loopback a packet is there when the call returns.
func tell(t *testing.T, c *net.UDPConn, x *task, p string) {
	t.Helper()
	sa, err := unix.Getsockname(x.wire.fd)
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(loopback, uint16(sa.(*unix.SockaddrInet4).Port))
	if _, err := c.WriteToUDPAddrPort([]byte(p), to); err != nil {
		t.Fatal(err)
	}
}

// TestUnread: an acknowledgement that the thread has not come to read is no silence.
func TestUnread(t *testing.T) {
	t.Parallel()
	r, x, c := still(t)
	tell(t, c, x, ack(1))
	r.expire(start.Add(time.Second))
	if x.flight.acked != 1 || x.flight.repeated != 0 {
		t.Errorf("%d acknowledged, %d sent again", x.flight.acked, x.flight.repeated)
	}
	r.expire(start.Add(3 * time.Second))
	if x.flight.acked != 1 || x.flight.repeated != 1 {
		t.Errorf("after a silence: %d acknowledged, %d sent again", x.flight.acked, x.flight.repeated)
	}
}

// TestFlood: a client that sends much at once does not keep the thread from others, and is heard to the end.
func TestFlood(t *testing.T) {
	t.Parallel()
	r, x, c := still(t)
	for range packetsAtOnce + 1 {
		tell(t, c, x, "garbage")
	}
	tell(t, c, x, ack(1))
	turns := 0
	for events := make([]unix.EpollEvent, 4); x.flight.acked < 1; turns++ {
		if n, err := unix.EpollWait(r.poll, events, 0); n != 1 || err != nil {
			t.Fatalf("after %d turns, with packets there: %d events, %v", turns, n, err)
		}
		r.settle(x, r.receive(x, start))
	}
	if turns != 2 {
		t.Errorf("%d turns for %d packets", turns, packetsAtOnce+2)
	}
}

// TestMeanwhile: what came while the goroutine had a transfer is read when it is back.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	r, x, c := still(t)
	r.settle(x, slow)
	if <-x.turn {
		t.Error("was over")
	}
	tell(t, c, x, "\x00\x05\x00\x00enough\x00")
	r.expire(start.Add(time.Hour))
	if x.err != nil {
		t.Errorf("ended with %v while it was lent", x.err)
	}
	r.settle(x, r.resume(x, start))
	var e *Error
	if !<-x.turn || !errors.As(x.err, &e) || e.Text != "enough" || r.count != 0 {
		t.Errorf("ended with %v, %d are left", x.err, r.count)
	}
}

// counter counts bytes, which another goroutine may look at.
type counter struct{ n atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// TestSlowDisk: a piece of a file that does not come from its disk holds up nobody but those who read it.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	reading, release := make(chan struct{}), make(chan struct{})
	r := newRig(t, func(_ *Config, s *Server) {
		s.files.populate = func(p []byte) error {
			if len(p) == 70_000 { // the last piece of the slow file
				close(reading)
				<-release
			}
			return populate(p)
		}
	})
	other := noise(3 * piece)
	r.put(t, "slow", noise(2*piece+70_000))
	r.put(t, "other", other)
	var all sync.WaitGroup
	var got counter
	all.Go(func() {
		if err := (&client{server: r.addr, block: 1408, window: 4}).fetch("slow", &got); err != nil {
			t.Error(err)
		}
	})
	<-reading
	r.check(t, client{block: 1408, window: 4}, "other", other)
	if e := r.wait(t); e.name != "other" || e.err != nil {
		t.Errorf("ended with %+v", e)
	}
	if n := got.n.Load(); n > 2*piece {
		t.Errorf("%d bytes were sent, of which the last were not in memory", n)
	}
	close(release)
	all.Wait()
	if e := r.wait(t); e.name != "slow" || e.err != nil || got.n.Load() != 2*piece+70_000 {
		t.Errorf("ended with %+v after %d bytes", e, got.n.Load())
	}
}

// TestStopSlowDisk: neither does it hold up a stop, and its client is told when it comes at last.
func TestStopSlowDisk(t *testing.T) {
	t.Parallel()
	reading, release := make(chan struct{}), make(chan struct{})
	r := newRig(t, func(_ *Config, s *Server) {
		s.files.populate = func([]byte) error {
			close(reading)
			<-release
			return nil
		}
	})
	r.put(t, "kernel", noise(5000))
	c := newRaw(t)
	c.send(r.addr, askKernel)
	<-reading
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	close(release)
	c.want("\x00\x05\x00\x00" + errStopping.Text)
	if e := r.wait(t); !errors.Is(e.err, errStopping) {
		t.Errorf("ended with %+v", e)
	}
}
