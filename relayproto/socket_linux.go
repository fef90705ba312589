package relayproto

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// userTimeout is how long written bytes may stay unacknowledged, in
// milliseconds. It is below the lease's margin W of 1 s, so that a command of a
// holder that lost its lease cannot arrive under its successor.
const userTimeout = 700

// guard runs before the connect. With SO_LINGER 0 the kernel of a process that
// dies resets the connection and throws away unsent bytes; without it they were
// seen to arrive 4 s later.
func guard(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = errors.Join(
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout),
			unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("set TCP_USER_TIMEOUT and SO_LINGER: %w", err)
	}
	return nil
}

// orderly sets SO_LINGER back, so that our own close ends in FIN: relay boards
// take a reset for a fault and some stay deaf for longer after one.
func orderly(conn *net.TCPConn) error { return conn.SetLinger(-1) }

// waiting gives up to 8 bytes that came without being asked for, and leaves
// them where they are. It does not wait.
func waiting(conn *net.TCPConn) []byte {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil // the write that follows says so
	}
	buffer, n := make([]byte, 8), 0
	_ = raw.Read(func(fd uintptr) bool {
		n, _, _ = unix.Recvfrom(int(fd), buffer, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return buffer[:max(n, 0)]
}
