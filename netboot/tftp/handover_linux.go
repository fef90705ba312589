package tftp

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// fast runs a transfer in the reactor and gives what ended it. The goroutine does what may have to wait for a disk.
func (s *Server) fast(t *transfer, local netip.Addr) error {
	w, err := newFastWire(t, local, !s.least)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(w.fd) }() // everything was sent
	t.wire = w
	x := &task{transfer: t, wire: w, turn: make(chan bool, 1)}
	for s.reactor.give(x) {
		if over := <-x.turn; over {
			return t.err
		}
		x.failed = t.prepare()
	}
	t.fail(errStopping)
	return t.err
}

// give hands a transfer to the thread. It says false when there is none any more.
func (r *reactor) give(x *task) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	r.given = append(r.given, x)
	r.ring()
	return true
}

// stop ends all transfers, and the thread with the last of them.
func (r *reactor) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = true
	if !r.ended {
		r.ring()
	}
}

// ring has the thread call take.
func (r *reactor) ring() {
	if !r.rung {
		r.rung = true
		_, _ = unix.Write(r.bell, []byte{1, 1, 1, 1, 1, 1, 1, 1}) // fails at 2⁶⁴ only, and it is read before the next
	}
}

// take begins what was given, or goes on with it. It says false when that was all and ever will be.
func (r *reactor) take(now time.Time) bool {
	var count [8]byte
	_, _ = unix.Read(r.bell, count[:]) // it has rung
	r.mu.Lock()
	r.rung = false
	r.taken, r.given = r.given, r.taken[:0]
	stopping := r.stopping
	r.mu.Unlock()
	for _, x := range r.taken {
		if x.begun {
			r.settle(x, r.resume(x, now))
		} else {
			r.settle(x, r.begin(x, now))
		}
	}
	clear(r.taken)
	if !stopping {
		return true
	}
	for _, x := range r.at {
		if x != nil && !x.lent {
			r.settle(x, x.fail(errStopping))
		}
	}
	return !r.end()
}

func (r *reactor) begin(x *task, now time.Time) verdict {
	if err := r.watch(x.wire.fd, unix.EPOLL_CTL_ADD); err != nil {
		return x.fail(err)
	}
	for len(r.at) <= x.wire.fd {
		r.at = append(r.at, nil)
	}
	x.begun, r.at[x.wire.fd] = true, x
	r.count++
	return x.transfer.begin(now)
}

// resume sends what was prepared, and reads what has come meanwhile: nobody tells of that again.
func (r *reactor) resume(x *task, now time.Time) verdict {
	x.lent = false
	if v := x.prepared(x.failed, now); v != more {
		return v
	}
	return r.receive(x, now)
}

// end ends the thread, unless there is something left.
func (r *reactor) end() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count > 0 || len(r.given) > 0 {
		return false
	}
	r.ended = true
	_ = errors.Join(unix.Close(r.poll), unix.Close(r.bell)) // nobody uses them any more
	return true
}
