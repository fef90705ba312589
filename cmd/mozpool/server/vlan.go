package server

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"mozpool/cmd/mozpool/config"
)

// vlans are the interfaces by which each rack is reached. Loopback, which is never down, and an address that no
// interface has, are left out.
func vlans(racks map[string]config.Rack) map[string]string {
	all := make(map[string]string)
	for name, r := range racks {
		if r.ServiceAddress.Prefix.IsValid() {
			all[name] = r.ServiceAddress.Interface
		} else if nic := interfaceOf(r.Listen.Addr); nic != "" {
			all[name] = nic
		}
	}
	return all
}

// interfaceOf is the interface that has an address; empty: none has, or loopback.
func interfaceOf(a netip.Addr) string {
	nics, err := net.Interfaces()
	if err != nil || a.IsLoopback() {
		return ""
	}
	for _, nic := range nics {
		has := slices.ContainsFunc(interfaceAddresses(nic.Name), func(p netip.Prefix) bool { return p.Addr().Unmap() == a })
		if has && nic.Flags&net.FlagLoopback == 0 {
			return nic.Name
		}
	}
	return ""
}

// down says why boards are not reached by an interface; empty: they may be.
func down(name string, look func(string) (*net.Interface, error)) string {
	nic, err := look(name)
	switch {
	case err != nil:
		return fmt.Sprintf("interface %s is not there", name)
	case nic.Flags&net.FlagUp == 0:
		return fmt.Sprintf("interface %s is down", name)
	case nic.Flags&net.FlagRunning == 0:
		return fmt.Sprintf("interface %s has no link", name)
	}
	return ""
}

// trouble tells why this server is of no use for a rack; empty: it is.
func trouble(racks map[string]config.Rack) func(rack string) string {
	nics := vlans(racks)
	return func(rack string) string {
		if nics[rack] == "" {
			return ""
		}
		return down(nics[rack], net.InterfaceByName)
	}
}
