//go:build !linux

package relayproto

import (
	"net"
	"syscall"
)

// guard does nothing where there is no TCP_USER_TIMEOUT; such a system is for
// development, not for holding racks.
func guard(_, _ string, _ syscall.RawConn) error { return nil }

func orderly(conn *net.TCPConn) error { return conn.SetLinger(-1) }

// waiting sees nothing there; a late byte is caught by the answer it garbles.
func waiting(*net.TCPConn) []byte { return nil }
