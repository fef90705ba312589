package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// add lends the address to its interface, or renews it.
func add(a Address, life time.Duration) error {
	link, err := netlink.LinkByName(a.Interface)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", a.Interface, err)
	}
	seconds := int(life / time.Second)
	address := &netlink.Addr{IPNet: ipNet(a), ValidLft: seconds, PreferedLft: seconds}
	if a.Prefix.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD // the lease has told already that nobody else has it
	}
	if err := netlink.AddrReplace(link, address); err != nil {
		return fmt.Errorf("add %s: %w; give the server CAP_NET_ADMIN", a, err)
	}
	return nil
}

// remove takes the address away; one that is not there is gone already.
func remove(a Address) error {
	link, err := netlink.LinkByName(a.Interface)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", a.Interface, err)
	}
	if err := netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(a)}); err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Errorf("remove %s: %w", a, err)
	}
	return nil
}

func ipNet(a Address) *net.IPNet {
	return &net.IPNet{IP: a.Prefix.Addr().AsSlice(), Mask: net.CIDRMask(a.Prefix.Bits(), a.Prefix.Addr().BitLen())}
}

// announce tells everybody on the interface's network where the address is now.
func announce(a Address) (err error) {
	nic, err := net.InterfaceByName(a.Interface)
	if err != nil {
		return fmt.Errorf("announce %s: %w", a, err)
	}
	if len(nic.HardwareAddr) != 6 {
		return nil // no Ethernet, nobody to tell
	}
	frame, protocol := announcement(nic.HardwareAddr, a.Prefix.Addr())
	onWire := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, protocol))
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, int(onWire))
	if err != nil {
		return fmt.Errorf("announce %s: %w; give the server CAP_NET_RAW", a, err)
	}
	defer func() { err = errors.Join(err, syscall.Close(fd)) }()
	to := &syscall.SockaddrLinklayer{Protocol: onWire, Ifindex: nic.Index, Halen: 6}
	copy(to.Addr[:], frame[:6])
	if err := syscall.Sendto(fd, frame, 0, to); err != nil {
		return fmt.Errorf("announce %s: %w", a, err)
	}
	return nil
}

// nobodys is an address of RFC 5737 that no machine has.
var nobodys = &net.IPNet{IP: net.IPv4(192, 0, 2, 255).To4(), Mask: net.CIDRMask(32, 32)}

// check says why the address cannot be moved: what is asked for here changes nothing.
func check(a Address) error {
	link, err := netlink.LinkByName(a.Interface)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", a.Interface, err)
	}
	if err := netlink.AddrDel(link, &netlink.Addr{IPNet: nobodys}); errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("this process may not change addresses: %w; give it CAP_NET_ADMIN and CAP_NET_RAW", err)
	}
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("this process may not announce addresses: %w; give it CAP_NET_ADMIN and CAP_NET_RAW", err)
	}
	return syscall.Close(fd)
}
