// Package fleetsim makes up a fleet of the size that mozpool was first built
// for: 880 boards in 10 racks, on 79 relay boards of mostly 11 boards.
//
// It decides names, addresses and wiring, always the same ones. It refuses to
// say how an inventory writes them down: netboxsim and mozillasim do. Tests of
// the sources and of the server call it.
package fleetsim

import (
	"fmt"
	"strconv"

	"mozpool/actors/inventory"
)

// The size of the fleet.
const (
	Racks       = 10
	RelayBoards = 79
	Count       = 880
)

// The fleet is 79 × 11 boards, and one more on some relay boards.
const (
	perRelayBoard = 11
	fuller        = Count - RelayBoards*perRelayBoard
	relaysOfBank  = 8
	perRack       = (RelayBoards + Racks - 1) / Racks
)

// Hardware is the type of all boards.
const Hardware = "panda"

// Rack is the name of rack i, from 0.
func Rack(i int) string { return "p" + strconv.Itoa(i+1) }

// Boards are the fleet, sorted by id. Ids are decimal numbers, as inventories
// give them; the boards belong to no source.
func Boards() []inventory.Spec {
	out := make([]inventory.Spec, 0, Count)
	for relay := range RelayBoards {
		boards := perRelayBoard
		if relay >= RelayBoards-fuller { // the last racks are full
			boards++
		}
		for slot := range boards {
			out = append(out, Board(len(out)+1, relay, slot))
		}
	}
	return out
}

// Board is board n, from 1, at a slot of a relay board, both from 0. Relay
// boards are on loopback, where none listens: nobody's are switched.
func Board(n, relay, slot int) inventory.Spec {
	return inventory.Spec{
		ID: strconv.Itoa(1000 + n), Name: fmt.Sprintf("panda-%04d", n), Hardware: Hardware, Rack: Rack(relay / perRack),
		MAC:   inventory.MAC(fmt.Sprintf("52:54:00:00:%02x:%02x", n>>8, n&0xff)),
		Power: fmt.Sprintf("127.0.2.%d:1:bank%d:relay%d", relay+1, slot/relaysOfBank+1, slot%relaysOfBank+1),
		Place: fmt.Sprintf("chassis %d, slot %d", relay+1, slot+1),
	}
}
