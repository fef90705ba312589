// Package outletsim is a strip of switched outlets that speaks HTTP as such
// devices do: Tasmota, Shelly of the first and second generation, and a plain
// PDU daemon. It decides only what such a device would, on TCP, so that it can
// misbehave below HTTP too; it knows nothing of boards beyond telling a
// callback which outlet got or lost power. Tests call it.
package outletsim

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Style is whose protocol a strip speaks.
type Style string

// The styles. Daemon takes PUT /outlets/N {"state":"on"} and "off", GET
// /outlets/N, and POST /outlets/N/cycle.
const (
	Tasmota Style = "tasmota"
	Shelly1 Style = "shelly1"
	Shelly2 Style = "shelly2"
	Daemon  Style = "daemon"
)

// Options shape a strip.
type Options struct {
	Style Style
	// User and Password are wanted before anything is done: in the query by
	// Tasmota, by digest by Shelly2, else by Basic. Empty Password: nobody is asked.
	User, Password string
	// Single serves one connection at a time, up to its answer, and resets
	// others at once.
	Single bool
	// OnSwitch is called, one call at a time, when an outlet gets or loses power.
	// It must not call the Strip's methods. nil: nobody is told.
	OnSwitch func(outlet int, powered bool)
}

// Faults are what is wrong with the strip at the moment; the zero value is
// nothing.
type Faults struct {
	Refuse   bool          // reset every new connection at once
	Every    int           // serve only every n-th new connection, reset the others; 0: all
	Mute     bool          // take requests, do and answer nothing
	Drop     bool          // reset the connection in the middle of the answer
	Slow     time.Duration // send the answer byte by byte, with this wait before each
	Stuck    bool          // answer as if done, and never switch
	Nonsense []byte        // send these bytes instead of the answer
	Status   int           // answer with this status, and do nothing
	Location string        // with Status 3xx: where to
}

// Request is one line of the journal.
type Request struct {
	Method, Path  string // Path with the query
	Body          string
	Authorization string
}

// Strip is a simulated strip that listens. Outlets have power until cut.
type Strip struct {
	options Options
	address string
	wg      sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	done     chan struct{}
	open     map[net.Conn]bool
	served   net.Conn // the last one let in; nil once it is answered
	cut      map[int]bool
	faults   Faults
	journal  []Request
	knocked  int
}

// Listen binds address ("127.0.0.1:0": any free port) and serves until Close.
func Listen(address string, o Options) (*Strip, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulated outlets: %w", err)
	}
	s := &Strip{options: o, address: l.Addr().String(), listener: l, done: make(chan struct{}),
		open: make(map[net.Conn]bool), cut: make(map[int]bool)}
	s.wg.Go(s.accept)
	return s, nil
}

// Addr gives "host:port".
func (s *Strip) Addr() string { return s.address }

// Powered says whether the outlet has power.
func (s *Strip) Powered(outlet int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.cut[outlet]
}

// Journal gives a copy of all requests received.
func (s *Strip) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.journal...)
}

// Open says how many connections are open.
func (s *Strip) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// SetFaults replaces all faults.
func (s *Strip) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.knocked = f, 0
}

// LosePower drops all connections; when it is back all outlets have power.
func (s *Strip) LosePower() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
	for outlet := range s.cut {
		s.set(outlet, true)
	}
}

// Close ends the listener and all connections, and waits for them. A second
// Close does nothing.
func (s *Strip) Close() error {
	s.mu.Lock()
	if s.listener == nil {
		s.mu.Unlock()
		return nil
	}
	err := s.listener.Close()
	s.listener = nil
	close(s.done)
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// set needs s.mu.
func (s *Strip) set(outlet int, powered bool) {
	if s.cut[outlet] != powered {
		return
	}
	s.cut[outlet] = !powered
	if s.options.OnSwitch != nil {
		s.options.OnSwitch(outlet, powered)
	}
}
