package tftp

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	eventsAtOnce  = 64                   // so that the time that they share is not old
	packetsAtOnce = 32                   // of one client, before it is the others' turn
	grain         = 4 * time.Millisecond // how often it is looked who has to be sent something again
	turn          = 5 * time.Millisecond // how often the scheduler is told that the thread does not hang
)

// reactor is the one thread that runs all transfers of mapped files of a server: it waits for all their sockets at once, and
// does nothing that waits for anything else. What may is done by the transfer's goroutine, which else waits for its end.
type reactor struct {
	poll, bell int // descriptors: of epoll, and of what wakes it

	mu       sync.Mutex
	given    []*task // for the thread
	rung     bool
	stopping bool
	ended    bool

	// What follows is the thread's own.
	taken   []*task
	at      []*task // those in the reactor, by descriptor
	count   int
	next    time.Time // when to look for those who have to be sent something again
	yielded time.Time
	in      [largestReply]byte
}

// task is a transfer in the reactor.
type task struct {
	*transfer
	wire   *fastWire
	begun  bool
	lent   bool      // the goroutine has it, and prepares
	turn   chan bool // tells the goroutine: the transfer is over, or is lent
	failed error     // what prepare gave
}

// newReactor makes a reactor; loop is its thread, stop ends it.
func newReactor() (*reactor, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll instance: %w", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make an eventfd: %w", err), unix.Close(poll))
	}
	r := &reactor{poll: poll, bell: bell}
	if err := r.watch(bell, unix.EPOLL_CTL_ADD); err != nil {
		return nil, errors.Join(err, unix.Close(poll), unix.Close(bell))
	}
	return r, nil
}

// watch has epoll tell of what comes to a descriptor, once for all that is there.
func (r *reactor) watch(fd, how int) error {
	err := unix.EpollCtl(r.poll, how, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)})
	if err != nil {
		return fmt.Errorf("watch a socket: %w", err)
	}
	return nil
}

// loop runs transfers until the reactor is told to stop and has none.
func (r *reactor) loop() {
	events := make([]unix.EpollEvent, eventsAtOnce)
	for {
		n, _ := unix.EpollWait(r.poll, events, r.timeout()) // fails with EINTR only
		now := time.Now()
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == r.bell {
				if !r.take(now) {
					return
				}
			} else if x := r.at[e.Fd]; x != nil && !x.lent {
				r.settle(x, r.receive(x, now))
			}
		}
		if !now.Before(r.next) {
			r.expire(now)
		}
		if now.Sub(r.yielded) >= turn {
			r.yielded = now
			runtime.Gosched() // else the runtime sends signals to it, and looks after it every 20 µs
		}
	}
}

// timeout is how long to wait, in milliseconds.
func (r *reactor) timeout() int {
	if r.count == 0 {
		return -1
	}
	return int(max(0, time.Until(r.next)+time.Millisecond-1) / time.Millisecond)
}

// receive reads what has come for a transfer. It stops at an acknowledgement of all that was sent: nothing else of use can
// have been there, and looking would cost a system call for each flight. What lies there nevertheless is read before the
// next that is of use.
func (r *reactor) receive(x *task, now time.Time) verdict {
	for range packetsAtOnce {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(x.wire.fd), uintptr(unsafe.Pointer(&r.in)), largestReply, unix.MSG_DONTWAIT, 0, 0)
		switch errno { //nolint:exhaustive // the others are in default
		case 0:
		case unix.EINTR, unix.ECONNREFUSED:
			continue // that nobody is there may be forged: silence says it
		default:
			return more
		}
		if v := x.packet(r.in[:n], now); v != more {
			return v
		}
	}
	_ = r.watch(x.wire.fd, unix.EPOLL_CTL_MOD) // tells again of what is left; it cannot fail for what is watched
	return more
}

// settle does what a verdict asks for.
func (r *reactor) settle(x *task, v verdict) {
	switch v {
	case over:
		if x.begun {
			r.at[x.wire.fd] = nil
			r.count--
		}
		x.turn <- true
	case slow:
		x.lent = true
		x.turn <- false
	case more, quiet:
		if x.due.Before(r.next) {
			r.next = x.due
		}
	}
}

// expire looks who has to be sent something again, and when the next will. Acknowledgements that came but were not looked
// at yet are no silence: without looking, a busy server would send a twelfth of all blocks twice.
func (r *reactor) expire(now time.Time) {
	r.next = now.Add(mostPause)
	for _, x := range r.at {
		if x == nil || x.lent {
			continue
		}
		v := more
		if !now.Before(x.due) {
			if v = r.receive(x, now); v == more {
				v = x.expired(now)
			}
		}
		r.settle(x, v)
	}
	if soon := now.Add(grain); r.next.Before(soon) {
		r.next = soon
	}
}
