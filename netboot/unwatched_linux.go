package netboot

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// unwatched is a UDP socket that Go's poller does not watch. The poller would wake this process for each packet that
// comes, also while nobody reads; unwatched asks the kernel only when it is to wait. It costs a thread while it waits.
//
// It is the RawConn of itself, and what it embeds, which is closed, gives the local address.
type unwatched struct {
	*net.UDPConn
	fd      int
	stopped *os.File // readable once Stop was called
	stopper *os.File
}

// unwatch takes conn's socket over and closes conn. Close ends it.
func unwatch(conn *net.UDPConn) (*unwatched, error) {
	u := &unwatched{UDPConn: conn}
	err := control(conn, func(fd int) (err error) {
		u.fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take over a socket: %w", err)
	}
	if u.stopped, u.stopper, err = os.Pipe(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe: %w", err), unix.Close(u.fd))
	}
	_ = conn.Close() // the socket lives on
	return u, nil
}

// Stop ends what waits for packets, from any goroutine; Close is still to be called.
func (u *unwatched) Stop() { _ = u.stopper.Close() }

// Close gives the socket back; nobody may read any more.
func (u *unwatched) Close() error {
	u.Stop()
	return errors.Join(unix.Close(u.fd), u.stopped.Close())
}

// SyscallConn implements syscall.Conn.
func (u *unwatched) SyscallConn() (syscall.RawConn, error) { return rawUnwatched{u}, nil }

// rawUnwatched implements syscall.RawConn.
type rawUnwatched struct{ u *unwatched }

// Control implements syscall.RawConn.
func (r rawUnwatched) Control(f func(fd uintptr)) error {
	f(uintptr(r.u.fd))
	return nil
}

// Read calls f until it has read, and waits between two calls; after Stop it returns net.ErrClosed.
func (r rawUnwatched) Read(f func(fd uintptr) bool) error {
	for !f(uintptr(r.u.fd)) {
		if err := r.u.wait(); err != nil {
			return err
		}
	}
	return nil
}

// Write is not for this.
func (rawUnwatched) Write(func(fd uintptr) bool) error { return errors.ErrUnsupported }

// wait returns when there is a packet.
func (u *unwatched) wait() error {
	both := []unix.PollFd{{Fd: int32(u.fd), Events: unix.POLLIN}, {Fd: int32(u.stopped.Fd()), Events: unix.POLLIN}}
	if _, err := unix.Poll(both, -1); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for packets: %w", err)
	}
	if both[1].Revents != 0 {
		return net.ErrClosed
	}
	return nil
}
