package netboot

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// acked is how many bytes the other side of a connection has acknowledged since it was made; false: not known.
func acked(conn net.Conn) (n uint64, ok bool) {
	c, is := conn.(syscall.Conn)
	if !is {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		info, e := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if ok = e == nil; ok {
			n = info.Bytes_acked
		}
	})
	return n, ok && err == nil
}
