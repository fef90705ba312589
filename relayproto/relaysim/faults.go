package relaysim

import (
	"time"

	"mozpool/relayproto"
)

// Faults are what is wrong with the board at the moment; the zero value is
// nothing.
type Faults struct {
	Refuse   bool                      // end every new connection at once
	Every    int                       // serve only every n-th new connection, end the others at once; 0: all
	Drop     bool                      // reset the connection after a command, before its reply
	Mute     bool                      // take commands, do and answer nothing
	Nonsense []byte                    // answer with these bytes instead
	Slow     time.Duration             // wait before each reply byte
	Stuck    map[relayproto.Relay]bool // these say done and never switch
}

// SetFaults replaces all faults, also for connections that are open.
func (b *Board) SetFaults(f Faults) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults, b.knocked = f, 0
}

// Unplug takes the network away: no listener, all connections ended.
func (b *Board) Unplug() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener != nil {
		_ = b.listener.Close()
		b.listener = nil
	}
	for c := range b.open {
		_ = c.Close()
	}
}

// Plug brings the listener back at the same address; a board that is plugged
// in stays as it is.
func (b *Board) Plug() error { return b.plug(b.Addr()) }

// LosePower drops all connections and releases every coil: all boards are on.
func (b *Board) LosePower() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		_ = c.Close()
	}
	for bank := 1; bank <= relayproto.MaxBank; bank++ { // in order, so that runs repeat
		for number := 1; number <= relayproto.MaxNumber; number++ {
			b.set(relayproto.Relay{Bank: bank, Number: number}, false)
		}
	}
}

// set needs b.mu.
func (b *Board) set(r relayproto.Relay, energised bool) {
	if b.energised[r] == energised {
		return
	}
	b.energised[r] = energised
	if b.options.OnSwitch != nil {
		b.options.OnSwitch(r, !energised)
	}
}
