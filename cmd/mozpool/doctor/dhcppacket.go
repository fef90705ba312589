package doctor

import (
	"encoding/binary"
	"net/netip"
)

// Of RFC 2131 and 2132.
const (
	bootp         = 236 // bytes before the options
	cookie        = 0x63825363
	optMessage    = 53
	optServer     = 54
	optParameters = 55
	optEnd        = 255
	typeDiscover  = 1
	typeOffer     = 2
)

// offer is what a DHCP server would give.
type offer struct {
	server netip.Addr
	next   netip.Addr // siaddr, where the boot file lies; unspecified: the server does not say
}

// probeMAC is a locally administered address that no board has, so that no lease of one is touched.
func probeMAC(id uint32) [6]byte {
	mac := [6]byte{0x02, 0x6d}
	binary.BigEndian.PutUint32(mac[2:], id)
	return mac
}

// discoverPacket is a DHCPDISCOVER that asks for the answer by broadcast, for this host has not that MAC.
func discoverPacket(id uint32, mac [6]byte) []byte {
	p := make([]byte, bootp, bootp+20)
	p[0], p[1], p[2] = 1, 1, 6 // request, Ethernet, length of a MAC
	binary.BigEndian.PutUint32(p[4:], id)
	p[10] = 0x80 // broadcast
	copy(p[28:], mac[:])
	p = binary.BigEndian.AppendUint32(p, cookie)
	return append(p, optMessage, 1, typeDiscover, optParameters, 3, 1, 3, 66, optEnd)
}

// parseOffer reads an answer to the question with this id; false: it is none.
func parseOffer(p []byte, id uint32) (o offer, ok bool) {
	if len(p) < bootp+4 || p[0] != 2 || binary.BigEndian.Uint32(p[4:]) != id || binary.BigEndian.Uint32(p[bootp:]) != cookie {
		return o, false
	}
	o.next = netip.AddrFrom4([4]byte(p[20:24]))
	for rest := p[bootp+4:]; len(rest) >= 2 && rest[0] != optEnd; {
		if rest[0] == 0 { // padding
			rest = rest[1:]
			continue
		}
		n := int(rest[1])
		if len(rest) < 2+n {
			return o, false
		}
		value := rest[2 : 2+n]
		switch {
		case rest[0] == optMessage && n == 1:
			ok = value[0] == typeOffer
		case rest[0] == optServer && n == 4:
			o.server = netip.AddrFrom4([4]byte(value))
		}
		rest = rest[2+n:]
	}
	return o, ok && o.server.IsValid()
}
