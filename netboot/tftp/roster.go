package tftp

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// roster is who is being served.
type roster struct {
	stopped atomic.Bool // is set before deadlines of sockets are set to the past
	mu      sync.Mutex
	fresh   map[netip.AddrPort]struct{} // clients that have not acknowledged anything yet
	running map[*net.UDPConn]struct{}   // sockets of transfers
	all     sync.WaitGroup
}

// begin takes a client in. It says false if the client is there already and has not acknowledged anything: then this is its
// request once more. One whose transfer goes on has been reset, or its request comes late; that begins anew beside the
// other, and the client tells one of them that it does not know it. False also when the server stops.
func (r *roster) begin(peer netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.fresh[peer]; again || r.stopped.Load() {
		return false
	}
	if r.fresh == nil {
		r.fresh, r.running = make(map[netip.AddrPort]struct{}), make(map[*net.UDPConn]struct{})
	}
	r.fresh[peer] = struct{}{}
	r.all.Add(1) // done by whoever called
	return true
}

// heard says that the client has acknowledged something, or is gone. It is called once for each begin that said true.
func (r *roster) heard(peer netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.fresh, peer)
}

// follow has stop reach a transfer, until leave.
func (r *roster) follow(conn *net.UDPConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[conn] = struct{}{}
}

func (r *roster) leave(conn *net.UDPConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, conn)
}

// stop lets nobody in any more, and ends the transfers that it can reach.
func (r *roster) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped.Store(true)
	for conn := range r.running {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // fails on a closed socket only
	}
}

// wait waits until all transfers have ended. It says false if one has not within the time.
func (r *roster) wait(within time.Duration) bool {
	ended := make(chan struct{})
	go func() { // ends with the last transfer
		r.all.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-time.After(within):
		return false
	}
}
