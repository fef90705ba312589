package boardsim

import (
	"cmp"
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

const (
	defaultPerRelayBoard = 14
	maxBoards            = 60000 // MAC addresses have two bytes for the number
)

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
	cfg.First = cmp.Or(cfg.First, 1)
	cfg.PerRelayBoard = cmp.Or(cfg.PerRelayBoard, defaultPerRelayBoard)
	cfg.Base = cmp.Or(cfg.Base, DefaultBase)
	if err := cfg.validate(); err != nil {
		return nil, err
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

func (c *RackConfig) validate() error {
	switch {
	case c.PerRelayBoard < 1 || c.PerRelayBoard > 32:
		return fmt.Errorf("simulated rack: %d boards on a relay board; it has 32 relays", c.PerRelayBoard)
	case c.Boards < 0 || c.First < 1 || c.First+c.Boards > 1+maxBoards:
		return fmt.Errorf("simulated rack: %d boards from number %d on; numbers go from 1 to %d", c.Boards, c.First, maxBoards)
	case !c.Base.Is4():
		return fmt.Errorf("simulated rack: base %s is no IPv4 address", c.Base)
	}
	return nil
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

// PlaceOf says where the ith board of a rack hangs, i from 0, with per boards on a relay board.
func PlaceOf(i, per int) Place {
	n := i % per
	return Place{RelayBoard: i / per, Bank: n/8 + 1, Relay: n%8 + 1}
}

// Switch gives power to the board at a place, or takes it away; nothing happens where no board hangs.
func (r *Rack) Switch(p Place, on bool) {
	i := p.RelayBoard*r.per + (p.Bank-1)*8 + p.Relay - 1
	if i < 0 || i >= len(r.Boards) || PlaceOf(i, r.per) != p {
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
