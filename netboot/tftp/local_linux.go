package tftp

import (
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// askDestination has the kernel tell with each request to which address it was sent. Of the two options the one of the
// other family fails.
func askDestination(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	})
}

// destination reads the address that a request was sent to, or for a broadcast the one that answers it.
func destination(side []byte) netip.Addr {
	messages, err := unix.ParseSocketControlMessage(side)
	if err != nil {
		return netip.Addr{}
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4((*unix.Inet4Pktinfo)(unsafe.Pointer(&m.Data[0])).Spec_dst)
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&m.Data[0]))
			a := netip.AddrFrom16(info.Addr).Unmap()
			if a.IsLinkLocalUnicast() && a.Is6() {
				a = a.WithZone(zoneName(info.Ifindex))
			}
			return a
		}
	}
	return netip.Addr{}
}

func zoneName(index uint32) string {
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		return i.Name
	}
	return ""
}

func zoneIndex(name string) uint32 {
	if i, err := net.InterfaceByName(name); name != "" && err == nil {
		return uint32(i.Index)
	}
	return 0
}

// pathMTU asks the kernel what the path to a client carries: the interface's MTU, or less where a router has said so.
func pathMTU(local netip.Addr, peer netip.AddrPort) int {
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)), net.UDPAddrFromAddrPort(peer))
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }() // nothing was sent
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	mtu := 0
	_ = raw.Control(func(fd uintptr) {
		level, name := unix.IPPROTO_IP, unix.IP_MTU
		if peer.Addr().Is6() {
			level, name = unix.IPPROTO_IPV6, unix.IPV6_MTU
		}
		mtu, _ = unix.GetsockoptInt(int(fd), level, name)
	})
	return mtu
}
