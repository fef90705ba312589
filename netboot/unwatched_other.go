//go:build !linux

package netboot

import "net"

// unwatched is a UDP socket; here Go's poller watches it as any other.
type unwatched struct{ *net.UDPConn }

func unwatch(conn *net.UDPConn) (*unwatched, error) { return &unwatched{conn}, nil }

// Stop ends what waits for packets, from any goroutine.
func (u *unwatched) Stop() { _ = u.Close() }
