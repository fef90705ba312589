package netboot

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// raiseBuffer asks for a receive buffer, in bytes, beyond net.core.rmem_max where the process may.
func raiseBuffer(c *net.UDPConn, bytes int) error {
	_ = control(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) }) // needs CAP_NET_ADMIN
	if receiveBuffer(c) >= bytes {
		return nil
	}
	return c.SetReadBuffer(bytes)
}

// receiveBuffer is what the kernel gives a socket, in bytes; 0: not known. The kernel reports twice what it was asked
// for, half of which is for its own books.
func receiveBuffer(c *net.UDPConn) (n int) {
	_ = control(c, func(fd int) error {
		v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		n = v / 2
		return err
	})
	return n
}

// countLoss has the kernel say with each packet how many it has dropped on this socket for want of room.
func countLoss(c *net.UDPConn) error {
	return control(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) })
}

// lossOf reads that number, which wraps at 2^32. false: it is not there.
func lossOf(oob []byte) (uint32, bool) {
	for len(oob) > 0 {
		head, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0, false
		}
		if head.Level == unix.SOL_SOCKET && head.Type == unix.SO_RXQ_OVFL && len(data) >= 4 {
			return binary.NativeEndian.Uint32(data), true
		}
		oob = rest
	}
	return 0, false
}

func control(c *net.UDPConn, do func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}
