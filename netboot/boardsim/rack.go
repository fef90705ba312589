package boardsim

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
)

// RackConfig describes boards that are alike but for name, MAC and address.
type RackConfig struct {
	Boards int
	First  int        // number of the first; names, MACs and addresses count up from it. Default: 1
	Base   netip.Addr // address of board 0; board N has the Nth after it. Default: 127.90.0.0
	Dir    string     // folder of the cards
	Board  Config     // what they share; Name, MAC, Address and Card are made
	// PerRelayBoard is how many boards hang on one relay board. Default: 14.
	PerRelayBoard int
}

// DefaultBase is what addresses of boards count up from.
var DefaultBase = netip.AddrFrom4([4]byte{127, 90, 0, 0})

// Rack is a number of boards behind relay boards.
type Rack struct {
	Boards []*Board
	per    int
}

// Place is where a board hangs: relay board from 0, bank 1 to 4, relay 1 to 8.
type Place struct{ RelayBoard, Bank, Relay int }

// NewRack makes the boards.
func NewRack(cfg RackConfig) (*Rack, error) {
	if cfg.First == 0 {
		cfg.First = 1
	}
	if cfg.PerRelayBoard == 0 {
		cfg.PerRelayBoard = 14
	}
	if !cfg.Base.IsValid() {
		cfg.Base = DefaultBase
	}
	if cfg.PerRelayBoard > 32 || cfg.First+cfg.Boards > 60000 {
		return nil, fmt.Errorf("a relay board has 32 relays, not %d; a rack at most 60000 boards", cfg.PerRelayBoard)
	}
	r := &Rack{per: cfg.PerRelayBoard}
	for i := range cfg.Boards {
		c := cfg.Board
		c.Name, c.MAC, c.Address = NameOf(cfg.First+i), MACOf(cfg.First+i), AddressOf(cfg.Base, cfg.First+i)
		c.Card = filepath.Join(cfg.Dir, c.Name+".card")
		b, err := New(c)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.Boards = append(r.Boards, b)
	}
	return r, nil
}

// NameOf is the name of board n.
func NameOf(n int) string { return fmt.Sprintf("board%d", n) }

// MACOf is the MAC address of board n.
func MACOf(n int) net.HardwareAddr {
	return net.HardwareAddr{0x02, 0x00, 0x5e, 0x00, byte(n >> 8), byte(n)}
}

// AddressOf is the nth address after base.
func AddressOf(base netip.Addr, n int) netip.Addr {
	a := base.As4()
	sum := int(a[2])<<8 + int(a[3]) + n
	return netip.AddrFrom4([4]byte{a[0], a[1] + byte(sum>>16), byte(sum >> 8), byte(sum)})
}

// PlaceOf says where the ith board of the rack hangs, i from 0.
func (r *Rack) PlaceOf(i int) Place {
	n := i % r.per
	return Place{RelayBoard: i / r.per, Bank: n/8 + 1, Relay: n%8 + 1}
}

// Switch gives power to the board at a place, or takes it away; nothing happens where no board hangs.
func (r *Rack) Switch(p Place, on bool) {
	i := p.RelayBoard*r.per + (p.Bank-1)*8 + p.Relay - 1
	if (p.Bank-1)*8+p.Relay > r.per || i < 0 || i >= len(r.Boards) {
		return
	}
	if on {
		r.Boards[i].PowerOn()
	} else {
		r.Boards[i].PowerOff()
	}
}

// Close takes all power away and waits for the boards.
func (r *Rack) Close() error {
	for _, b := range r.Boards {
		b.PowerOff()
	}
	var errs []error
	for _, b := range r.Boards {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
