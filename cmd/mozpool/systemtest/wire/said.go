package wire

import (
	"encoding/binary"
	"net/netip"
	"sync"
)

// announcement is an end that said: this address is mine.
type announcement struct {
	end     int
	address netip.Addr
}

// said counts announcements.
type said struct {
	mu    sync.Mutex
	times map[announcement]int
}

func (s *said) add(end int, a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[announcement{end, a}]++
}

// Announced is how often an end announced an address to everybody, by gratuitous ARP; whether that arrived is another
// question.
func (w *Net) Announced(end int, a netip.Addr) int {
	w.said.mu.Lock()
	defer w.said.mu.Unlock()
	return w.said.times[announcement{end, a}]
}

// announced reads a frame: it is gratuitous ARP if it goes to all and asks for, or tells, the sender's own address.
func announced(frame []byte) (a netip.Addr, gratuitous bool) {
	const (
		kind, isARP    = 12, 0x0806
		sender, target = 28, 38 // IPv4 addresses
	)
	if len(frame) < target+4 || frame[0] != 0xff || binary.BigEndian.Uint16(frame[kind:]) != isARP {
		return a, false
	}
	from, to := [4]byte(frame[sender:]), [4]byte(frame[target:])
	return netip.AddrFrom4(from), from == to
}
