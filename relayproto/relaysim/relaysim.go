// Package relaysim is a ProXR relay board on TCP with the real one's manners:
// one connection at a time, deaf for a rest after each, whole commands in one
// segment. It decides only what such a board would; it knows nothing of boards
// beyond telling a callback which of them got or lost power. Tests, the demo,
// simulated racks and the QEMU end-to-end tests call it.
package relaysim

import (
	"fmt"
	"net"
	"sync"
	"time"

	"mozpool/relayproto"
)

// Options shape a simulated relay board; the zero value is the real one.
type Options struct {
	// Rest is how long it is deaf after a close: 0 means 1 s, negative none.
	Rest time.Duration
	// Speed divides every time, faults included; 0 means 1.
	Speed float64
	// Ignore lets other connections wait without an answer while one is served
	// or the board rests; false ends them at once.
	Ignore bool
	// AnySegments accepts commands that come in pieces; false drops them, as
	// firmware 3.2 does.
	AnySegments bool
	// OnSwitch is called, one call at a time, when a board gets or loses power.
	// It must not call the Board's methods. nil: nobody is told.
	OnSwitch func(relay relayproto.Relay, boardHasPower bool)
}

// Entry is one line of the journal.
type Entry struct {
	At         time.Time
	Connection int                // from 1, in the order they were served
	From       string             // IP address of who commands
	Command    relayproto.Command // zero with Raw set: no command
	Raw        []byte
	Reply      []byte // what the board meant to answer; empty: nothing
}

// Board is a simulated relay board that listens.
type Board struct {
	options Options
	address string
	wg      sync.WaitGroup
	done    chan struct{}

	mu        sync.Mutex
	listener  net.Listener
	open      map[net.Conn]bool
	energised map[relayproto.Relay]bool
	faults    Faults
	journal   []Entry
	serving   bool
	restUntil time.Time
	served    int
	knocked   int // connections, those turned away included, since the faults were set
}

// Listen binds address ("127.0.0.1:0": any free port) and serves until Close.
func Listen(address string, options Options) (*Board, error) {
	if options.Rest == 0 {
		options.Rest = time.Second
	}
	if options.Speed <= 0 {
		options.Speed = 1
	}
	b := &Board{options: options, done: make(chan struct{}),
		open: map[net.Conn]bool{}, energised: map[relayproto.Relay]bool{}}
	if err := b.plug(address); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Board) plug(address string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed() {
		return fmt.Errorf("simulated relay board %s: %w", address, net.ErrClosed)
	}
	if b.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("simulated relay board: %w", err)
	}
	b.listener, b.address = l, l.Addr().String()
	b.wg.Go(func() { b.accept(l) })
	return nil
}

// Addr gives "host:port"; it stays the same through Unplug and Plug.
func (b *Board) Addr() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.address
}

// Powered says whether the board behind the relay has power.
func (b *Board) Powered(r relayproto.Relay) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.energised[r]
}

// Journal gives a copy of all commands received.
func (b *Board) Journal() []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Entry(nil), b.journal...)
}

// Close ends the listener and all connections, and waits for them. Relays stay
// as they are. A second Close does nothing.
func (b *Board) Close() error {
	b.mu.Lock()
	if !b.closed() {
		close(b.done)
	}
	b.mu.Unlock()
	b.Unplug()
	b.wg.Wait()
	return nil
}

func (b *Board) closed() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

func (b *Board) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / b.options.Speed)
}

// pause waits, or reports false when the board closes first.
func (b *Board) pause(d time.Duration) bool {
	t := time.NewTimer(b.scaled(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.done:
		return false
	}
}
