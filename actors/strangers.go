package actors

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"

	"mozpool/actors/inventory"
)

// maxStrangers are kept; a rack has fewer.
const maxStrangers = 1000

// Strangers are the MAC addresses that asked for a boot entry and belong to no board, the latest first.
func (f *Fleet) Strangers() []Stranger {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Stranger, 0, len(f.strangers))
	for mac, s := range f.strangers {
		if f.ByMAC(mac) == nil {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b Stranger) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.MAC, b.MAC))
	})
	return all
}

// Stranger notes that a MAC address of no board asked for a boot entry. At most maxStrangers are kept; the one that
// has been silent longest makes room.
func (f *Fleet) Stranger(mac inventory.MAC, from netip.Addr, rack string) {
	f.hears(rack, mac, "")
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.strangers[mac]
	if s == nil {
		if len(f.strangers) >= maxStrangers {
			f.dropStranger()
		}
		s = &Stranger{MAC: mac.String(), First: now}
		f.strangers[mac] = s
	}
	s.From, s.Rack, s.Last = from.Unmap(), rack, now
	if s.Times < math.MaxInt {
		s.Times++
	}
}

func (f *Fleet) dropStranger() {
	var oldest inventory.MAC
	for mac, s := range f.strangers {
		if o := f.strangers[oldest]; o == nil || s.Last.Before(o.Last) {
			oldest = mac
		}
	}
	delete(f.strangers, oldest)
}
