package netboot

import (
	"net"

	"golang.org/x/sys/unix"
)

// receiveBuffer is what the kernel gives a socket, in bytes; 0: not known. The kernel reports twice what it was asked
// for, half of which is for its own books.
func receiveBuffer(c *net.UDPConn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	if err := raw.Control(func(fd uintptr) {
		if v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			n = v / 2
		}
	}); err != nil {
		return 0
	}
	return n
}
