package several

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"mozpool/netboot/boardsim"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

const (
	perRelayBoard = 14
	cardSize      = 8 << 20
)

// Rack is simulated boards and the relay boards that they hang on.
type Rack struct {
	Name   string
	Boards *boardsim.Rack // nil until they are plugged in
	Relays []*relaysim.Board
	first  int // number of its first board
	size   int
	where  func() (tftp netip.AddrPort, upPort int)
	byURL  bool
	// service is a real service address, and ports are those that boards know beside it; empty: where is as good as one.
	service string
	ports   ports

	mu   sync.Mutex
	off  map[boardsim.Place]bool // who has no power, until the boards are plugged in
	cuts map[boardsim.Place]int
}

// Cuts is how often the nth board of the rack lost its power, n from 0, by its relay's own record.
func (r *Rack) Cuts(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cuts[boardsim.PlaceOf(n, perRelayBoard)]
}

// Names are the rack's boards.
func (r *Rack) Names() (names []string) {
	for i := range r.size {
		names = append(names, boardsim.NameOf(r.first+i))
	}
	return names
}

// plugRelays makes the relay boards.
func (r *Rack) plugRelays(host string, speed float64) error {
	for i := range (r.size + perRelayBoard - 1) / perRelayBoard {
		b, err := relaysim.Listen(host+":0", relaysim.Options{Speed: speed, OnSwitch: func(relay relayproto.Relay, on bool) {
			r.switched(boardsim.Place{RelayBoard: i, Bank: relay.Bank, Relay: relay.Number}, on)
		}})
		if err != nil {
			return err
		}
		r.Relays = append(r.Relays, b)
	}
	return nil
}

// switched carries the power of a relay to the board behind it.
func (r *Rack) switched(p boardsim.Place, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !on {
		if r.cuts == nil {
			r.cuts = make(map[boardsim.Place]int)
		}
		r.cuts[p]++
	}
	if r.Boards != nil {
		r.Boards.Switch(p, on)
		return
	}
	if r.off == nil {
		r.off = make(map[boardsim.Place]bool)
	}
	r.off[p] = !on
}

// plugBoards makes the boards; those whose relay lets it through have power from now on.
func (r *Rack) plugBoards(o Options, dir string) error {
	tftp, up := r.where()
	boards, err := boardsim.NewRack(boardsim.RackConfig{Boards: r.size, First: r.first, Base: o.Site.Boards, Dir: dir, PerRelayBoard: perRelayBoard,
		Board: boardsim.Config{TFTP: tftp, UpPort: up, Where: r.where, ByURL: r.byURL, Times: o.Times, OnEvent: o.OnEvent, CardSize: cardSize, Speed: o.Speed, FaultRate: o.FaultRate, Seed: o.Seed, IPXE: o.IPXE}})
	if err != nil {
		return fmt.Errorf("rack %s: %w", r.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Boards = boards
	for i := range boards.Boards {
		if p := boardsim.PlaceOf(i, perRelayBoard); !r.off[p] {
			boards.Switch(p, true)
		}
	}
	return nil
}

func (r *Rack) close() error {
	var errs []error
	r.mu.Lock()
	boards := r.Boards
	r.mu.Unlock()
	if boards != nil {
		errs = append(errs, boards.Close())
	}
	for _, b := range r.Relays {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
