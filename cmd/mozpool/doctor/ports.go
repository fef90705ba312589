package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"mozpool/cmd/mozpool/config"
)

// racksOf are the racks by name, sorted.
func racksOf(s *Site) []string { return slices.Sorted(maps.Keys(s.Config.Racks)) }

// ports looks whether each rack's listeners are held by the running server, or can be by one that is started.
func ports(_ context.Context, s *Site) []Finding {
	var out []Finding
	for _, name := range racksOf(s) {
		r := s.Config.Racks[name]
		for _, p := range []struct {
			network, what string
			port          uint16
		}{{"udp", "TFTP", r.Ports.TFTP}, {"tcp", "HTTP", r.Ports.HTTP}, {"udp", "syslog", r.Ports.Syslog}} {
			if p.port == 0 {
				continue // any free one will do
			}
			at := netip.AddrPortFrom(r.Listen.Addr, p.port)
			out = append(out, judgePort(name, p.what, at, bind(p.network, at), s.Server != nil))
		}
	}
	return out
}

// bind takes a port for a moment.
func bind(network string, at netip.AddrPort) error {
	if network == "tcp" {
		l, err := net.Listen(network, at.String())
		if err != nil {
			return err
		}
		return l.Close()
	}
	c, err := net.ListenPacket(network, at.String())
	if err != nil {
		return err
	}
	return c.Close()
}

func judgePort(rack, what string, at netip.AddrPort, err error, runs bool) Finding {
	const check = "ports"
	where := what + " at " + at.String()
	switch {
	case err == nil && runs:
		return red(check, rack, where+": nobody listens, although a server runs", "restart the server: its listeners are those of an older configuration, or it is another server's file")
	case err == nil:
		return amber(check, rack, where+" is free: no server runs", "start it: mozpool serve")
	case errors.Is(err, syscall.EADDRINUSE) && runs:
		return green(check, rack, where+" is taken, and the server runs")
	case errors.Is(err, syscall.EADDRINUSE):
		return red(check, rack, where+" is taken by another program, for no server answers on the API", fmt.Sprintf("stop it (ss -lnp 'sport = %d' names it), or give --server if the API listens elsewhere", at.Port()))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return red(check, rack, where+": this machine has no such address", "give the address to the interface in the rack's VLAN, or correct racks."+rack+".listen")
	case errors.Is(err, syscall.EACCES) && runs:
		return green(check, rack, where+" takes a privilege that this user lacks; the server runs")
	case errors.Is(err, syscall.EACCES):
		return amber(check, rack, where+" cannot be tried by this user", "setcap cap_net_bind_service=+ep on the mozpool binary, or run this as the user of the server")
	}
	return red(check, rack, where+": "+err.Error(), "look at the network of this machine")
}

// interfaceOf finds the interface that has an address; nil: none has.
func interfaceOf(a netip.Addr) *net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, on := range addrs {
			if p, err := netip.ParsePrefix(on.String()); err == nil && p.Addr().Unmap() == a.Unmap() {
				return &i
			}
		}
	}
	return nil
}

// wired is the interface of a rack; nil for loopback, which has no network to look at, and for none.
func wired(r config.Rack) *net.Interface {
	i := interfaceOf(r.Listen.Addr)
	if i == nil || i.Flags&net.FlagLoopback != 0 {
		return nil
	}
	return i
}
