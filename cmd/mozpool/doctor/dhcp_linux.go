package doctor

import (
	"context"
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenDHCP opens the client's port on one interface, beside a DHCP client that may run there.
func listenDHCP(ctx context.Context, nic string) (net.PacketConn, error) {
	l := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = errors.Join(
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1),
				unix.BindToDevice(int(fd), nic)) // the question leaves by no other interface
		})
		return errors.Join(err, failed)
	}}
	return l.ListenPacket(ctx, "udp4", ":68")
}
