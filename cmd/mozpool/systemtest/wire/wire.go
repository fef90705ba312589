// Package wire is a network made of code, for system tests: each server process gets a network namespace of its own,
// and every frame between two of them passes this process, which delays it, loses it or swallows it.
//
// It decides nothing about what a fault means: a test says which way between which ends is how. It refuses to touch the
// network of the machine: all of it lies in namespaces of the test's own, for which nobody needs to be root, and is gone
// with the last process in them. The kernels at both ends are real, and so are their retransmissions. Tests of a cluster
// under faults call it.
package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// Interface is the one that every end has.
const Interface = "mz0"

// Outside is the end where the test itself is, with everything that is no server; servers are ends 1, 2 and so on.
const Outside = 0

// Boards is the address of board 0; every address up to 10.91.255.254 is here and needs no more than to be used.
var Boards = netip.AddrFrom4([4]byte{10, 91, 128, 0})

// Address is that of an end.
func Address(end int) netip.Addr { return netip.AddrFrom4([4]byte{10, 91, 0, byte(end + 1)}) }

// Fault is what is wrong with one way between two ends; the zero value is nothing.
type Fault struct {
	Cut   bool          // nothing arrives
	Delay time.Duration // of every frame; their order stays
	Loss  float64       // share of frames that do not arrive, 0 to 1
}

// Net is some ends and the ways between them.
type Net struct {
	ends  []*end
	ways  map[[2]int]*way // by from and to
	tasks sync.WaitGroup
	said  said
}

// end is one namespace: what the kernel there sends is read from its tap.
type end struct {
	space *os.File // of the namespace
	tap   *os.File
}

// New makes a network of the test's own namespace and of n servers, with no faults. Call it where Inside is true; Close
// ends it.
func New(n int) (_ *Net, err error) {
	w := &Net{ways: make(map[[2]int]*way), said: said{times: make(map[announcement]int)}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	for i := range n + 1 {
		e, err := newEnd(i)
		if err != nil {
			return nil, fmt.Errorf("make end %d of a network: %w", i, err)
		}
		w.ends = append(w.ends, e)
	}
	for from := range w.ends {
		for to, e := range w.ends {
			if from != to {
				way := &way{to: e.tap, queue: make(chan frame, queued)}
				w.ways[[2]int{from, to}] = way
				w.tasks.Go(way.run)
			}
		}
	}
	var readers sync.WaitGroup
	for i, e := range w.ends {
		readers.Go(func() { w.read(i, e) })
	}
	w.tasks.Go(func() {
		readers.Wait()
		for _, way := range w.ways {
			close(way.queue)
		}
	})
	return w, nil
}

// read switches frames, until the tap is closed.
func (w *Net) read(from int, e *end) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := e.tap.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			panic(fmt.Sprintf("read the tap of end %d: %v", from, err)) // the kernel's end is ours alone
		}
		data := slices.Clone(buffer[:n])
		if ip, gratuitous := announced(data); gratuitous {
			w.said.add(from, ip)
		}
		for to := range w.ends {
			broadcast := data[0]&1 == 1
			if to != from && (broadcast || slices.Equal(data[:6], hardware(to))) {
				w.ways[[2]int{from, to}].send(data)
			}
		}
	}
}

// hardware is the MAC address of an end.
func hardware(end int) net.HardwareAddr { return net.HardwareAddr{2, 0, 0x5e, 0x91, 0, byte(end)} }

// OneWay makes one way so from now on.
func (w *Net) OneWay(from, to int, f Fault) { w.ways[[2]int{from, to}].fault.Store(&f) }

// Between makes both ways between two ends so.
func (w *Net) Between(a, b int, f Fault) {
	w.OneWay(a, b, f)
	w.OneWay(b, a, f)
}

// Servers makes all ways between one server and the other servers so: with Cut, it is alone.
func (w *Net) Servers(one int, f Fault) {
	for other := 1; other < len(w.ends); other++ {
		if other != one {
			w.Between(one, other, f)
		}
	}
}

// Heal takes all faults away.
func (w *Net) Heal() {
	for _, way := range w.ways {
		way.fault.Store(nil)
	}
}

// Bytes is how much was sent from one end to another, delivered or not.
func (w *Net) Bytes(from, to int) uint64 { return w.ways[[2]int{from, to}].bytes.Load() }

// Start starts a process in the namespace of a server.
func (w *Net) Start(server int, c *exec.Cmd) error { return w.At(server, c.Start) }

// Close ends the network. Processes in it stay, and reach nobody.
func (w *Net) Close() error {
	var errs []error
	for _, e := range w.ends {
		errs = append(errs, e.tap.Close(), e.space.Close())
	}
	w.tasks.Wait()
	return errors.Join(errs...)
}
