package server

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"mozpool/cmd/mozpool/config"
)

// othersOf tells where a rack's servers are reached, for the scripts of its boards; nil: this server is by itself.
func (s *Server) othersOf(rack string) func() []netip.AddrPort {
	if s.cluster == nil {
		return nil
	}
	return func() []netip.AddrPort { return s.cluster.member.Doors(rack) }
}

// rackDoors are where boards of each rack reach this very server, whoever has the service address.
func (s *Server) rackDoors() map[string]netip.AddrPort {
	doors := make(map[string]netip.AddrPort)
	for i, name := range slices.Sorted(maps.Keys(s.cfg.Racks)) {
		at := s.racks[i].Addrs().HTTP
		a := at.Addr().Unmap()
		if a.IsUnspecified() {
			a = ownAddress(s.cfg.Racks[name].ServiceAddress, interfaceAddresses)
		}
		if a.IsValid() {
			doors[name] = netip.AddrPortFrom(a, at.Port())
		}
	}
	return doors
}

// ownAddress is this machine's in the network of a service address: one that stays when that moves. The zero address:
// it has none there, and boards reach it by the service address only.
func ownAddress(service config.ServiceAddress, of func(name string) []netip.Prefix) netip.Addr {
	for _, p := range of(service.Interface) {
		if a := p.Addr().Unmap(); service.Prefix.Contains(a) && a != service.Prefix.Addr() {
			return a
		}
	}
	return netip.Addr{}
}

// interfaceAddresses are those that an interface has now.
func interfaceAddresses(name string) (all []netip.Prefix) {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return nil // what is wrong with it is said by whoever moves the service address
	}
	addresses, err := nic.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p)
		}
	}
	return all
}
