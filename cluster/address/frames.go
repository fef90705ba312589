package address

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// The protocols of what announces an address, as in an Ethernet frame.
const (
	etherARP  = 0x0806
	etherIPv6 = 0x86dd
)

// announcement is the frame that tells everybody on a network whose address ip is now, and its protocol.
func announcement(mac net.HardwareAddr, ip netip.Addr) (frame []byte, protocol uint16) {
	if ip.Is4() {
		return arp(mac, ip), etherARP
	}
	return advertisement(mac, ip), etherIPv6
}

// arp is a gratuitous ARP request: who else has my address? All who had another's hardware address for it learn ours.
func arp(mac net.HardwareAddr, ip netip.Addr) []byte {
	four := ip.As4()
	frame := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac...)
	frame = append(frame, 0x08, 0x06, // ARP
		0, 1, 8, 0, 6, 4, // of IPv4 over Ethernet
		0, 1) // request
	frame = append(append(frame, mac...), four[:]...)
	return append(append(frame, 0, 0, 0, 0, 0, 0), four[:]...)
}

// advertisement is an unsolicited neighbour advertisement to all nodes (RFC 4861, 7.2.6), which overrides what they knew.
func advertisement(mac net.HardwareAddr, ip netip.Addr) []byte {
	own, all := ip.As16(), netip.MustParseAddr("ff02::1").As16()
	icmp := append([]byte{136, 0, 0, 0, // neighbour advertisement; the checksum follows
		0x20, 0, 0, 0}, own[:]...) // override, and the target
	icmp = append(append(icmp, 2, 1), mac...) // its link-layer address
	size := byte(len(icmp))
	pseudo := append(append(own[:], all[:]...), 0, 0, 0, size, 0, 0, 0, 58)
	binary.BigEndian.PutUint16(icmp[2:], ^sum(append(pseudo, icmp...)))

	frame := append([]byte{0x33, 0x33, 0, 0, 0, 1}, mac...)
	frame = append(frame, 0x86, 0xdd, // IPv6
		0x60, 0, 0, 0, 0, size, 58, 255) // ICMPv6, of this link: no router has passed it on
	own = ip.As16()
	return append(append(append(frame, own[:]...), all[:]...), icmp...)
}

// sum is the one's complement sum of RFC 1071 of an even number of bytes.
func sum(data []byte) uint16 {
	total := uint32(0)
	for ; len(data) > 1; data = data[2:] {
		total += uint32(binary.BigEndian.Uint16(data))
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
