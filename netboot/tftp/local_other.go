//go:build !linux

package tftp

import (
	"net"
	"net/netip"
)

// askDestination is not to be had here: the kernel chooses the address that answers.
func askDestination(*net.UDPConn) {}

func destination([]byte) netip.Addr { return netip.Addr{} }

// pathMTU is what an Ethernet carries: the path's is not known here.
func pathMTU(netip.Addr, netip.AddrPort) int { return 1500 }
