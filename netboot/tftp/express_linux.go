package tftp

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	glance      = 20 * time.Millisecond // how often a thread that waits looks up
	mostUseless = 64                    // packets without effect before it does
)

// threads that wait for one client each, of all servers of the process. There are fewer of them than processors, for a
// thread that waits keeps one from the others for a while.
var threads atomic.Int32

// expressWire waits for acknowledgements in a thread of its own: two system calls a block, and the scheduler has no part in
// it. A few transfers at a time are cheaper so; many are not.
type expressWire struct {
	fastWire
	stopped func() bool
}

// express turns a wire into one with a thread, if there is a place; else it gives the wire back.
func express(w *fastWire, stopped func() bool) wire {
	if threads.Add(1) >= int32(runtime.GOMAXPROCS(0)) {
		threads.Add(-1)
		return w
	}
	fd, err := blocking(w.fd)
	if err != nil {
		threads.Add(-1)
		return w
	}
	_ = w.conn.Close() // out of the runtime's poller, which would be woken by each packet
	x := &expressWire{fastWire: *w, stopped: stopped}
	x.fd, x.write = uintptr(fd), x.writeTo
	x.point()
	return x
}

// blocking gives a second descriptor of a socket, which from then on makes its readers wait, though not for long.
func blocking(of uintptr) (int, error) {
	fd, err := unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	timeout := unix.NsecToTimeval(int64(glance))
	err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout)
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// deadline is not needed: listen looks up often enough.
func (x *expressWire) deadline(time.Time) {}

// close closes the socket, which is this wire's own, and gives the thread's place back.
func (x *expressWire) close() {
	_ = unix.Close(int(x.fd)) // everything was sent
	threads.Add(-1)
}

// listen looks up after a glance, when the server stops, and when a flood of useless packets would keep it from doing so.
func (x *expressWire) listen(on func(p []byte) verdict) error {
	for useless := 0; useless < mostUseless; {
		n, errno := x.receive(0)
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0 || x.stopped():
			return os.ErrDeadlineExceeded
		case !x.ofPeer():
			x.stray(x.in[:n], getAddr(&x.sender))
			useless++
			continue
		}
		switch on(x.in[:n]) {
		case over:
			return nil
		case quiet:
			useless = 0
		case more:
			useless++
		}
	}
	return os.ErrDeadlineExceeded
}

func (x *expressWire) writeTo(p []byte, to netip.AddrPort) {
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port())}
	if to.Addr().Is4() {
		sa.(*unix.SockaddrInet4).Addr = to.Addr().As4()
	} else {
		sa = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16(), ZoneId: zoneIndex(to.Addr().Zone())}
	}
	_ = unix.Sendto(int(x.fd), p, unix.MSG_DONTWAIT, sa) // lost is lost
}
