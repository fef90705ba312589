package fleetsim

import (
	"strings"
	"testing"
)

func TestSize(t *testing.T) {
	t.Parallel()
	boards := Boards()
	racks, relays, sizes := make(map[string]bool), make(map[string]string), make(map[string]int)
	outlets := make(map[string]bool)
	for _, b := range boards {
		relay, _, _ := strings.Cut(b.Power, ":")
		if relays[relay] != "" && relays[relay] != b.Rack {
			t.Errorf("relay board %s is in two racks", relay)
		}
		racks[b.Rack], relays[relay], outlets[b.Power] = true, b.Rack, true
		sizes[relay]++
	}
	if len(boards) != Count || len(racks) != Racks || len(relays) != RelayBoards || len(outlets) != Count {
		t.Errorf("%d boards, %d racks, %d relay boards, %d outlets", len(boards), len(racks), len(relays), len(outlets))
	}
	mostly := 0
	for relay, n := range sizes {
		if n == 11 {
			mostly++
		} else if n != 12 {
			t.Errorf("relay board %s has %d boards", relay, n)
		}
	}
	if mostly < RelayBoards*3/4 {
		t.Errorf("%d relay boards of 11", mostly)
	}
}
