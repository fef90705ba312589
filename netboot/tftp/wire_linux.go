package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	mostSegments = 64    // of one system call with segmentation offload; older kernels take no more
	mostBytes    = 65000 // of one such call: an IP packet's length has 16 bits
)

// fastWire sends straight from the file's mapping, a window with one system call. It allocates nothing while a transfer goes
// on.
type fastWire struct {
	fd    int    // connected to the client
	data  []byte // the file
	block int

	heads   [][headerSize]byte
	parts   []unix.Iovec // header and data of each block in turn
	message unix.Msghdr
	segment segmentSize
	offload bool        // segmentation offload has not failed yet
	batch   []multiHead // made when that is not to be had
}

// segmentSize is the control message that asks for segmentation offload.
type segmentSize struct {
	head unix.Cmsghdr
	size uint16
	_    [6]byte
}

// multiHead is struct mmsghdr.
type multiHead struct {
	unix.Msghdr
	sent uint32
}

// newFastWire makes the wire of a transfer, whose socket is to be closed.
func newFastWire(t *transfer, local netip.Addr, offload bool) (*fastWire, error) {
	fd, err := socket(local, t.peer)
	if err != nil {
		return nil, err
	}
	block, window := t.terms.block, t.terms.window
	w := &fastWire{fd: fd, data: t.from.shared.data, block: block, offload: offload, heads: make([][headerSize]byte, window), parts: make([]unix.Iovec, 2*window)}
	w.segment.head.Level, w.segment.head.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	w.segment.head.SetLen(unix.CmsgLen(2))
	w.segment.size = uint16(headerSize + block)
	return w, nil
}

// socket makes a socket as bind does, which Go's poller does not know.
func socket(local netip.Addr, peer netip.AddrPort) (int, error) {
	family := unix.AF_INET6
	if local.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("make a socket: %w", err)
	}
	if unix.Bind(fd, sockaddr(netip.AddrPortFrom(local, 0))) != nil {
		err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(unspecified(local), 0)))
	}
	if err == nil {
		err = unix.Connect(fd, sockaddr(peer))
	}
	if err != nil {
		return -1, errors.Join(fmt.Errorf("bind a socket from %s to %s: %w", local, peer, err), unix.Close(fd))
	}
	return fd, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zoneIndex(a.Addr().Zone())}
}

func (w *fastWire) packet(p []byte) { _, _ = unix.Write(w.fd, p) } // lost is lost

// blocks sends a run of blocks. One block is one call; more are one call too, where the kernel cuts them apart.
func (w *fastWire) blocks(s span) error {
	n := s.count()
	for i := range n {
		number := s.first + int64(i)
		data := w.data[(number-1)*int64(w.block):]
		data = data[:min(w.block, len(data))]
		head := &w.heads[i]
		head[1] = opData
		binary.BigEndian.PutUint16(head[2:], uint16(number))
		w.parts[2*i].Base = &head[0]
		w.parts[2*i].SetLen(headerSize)
		w.parts[2*i+1].Base = unsafe.SliceData(data)
		w.parts[2*i+1].SetLen(len(data))
	}
	if n > 1 && w.offload {
		done, err := w.segmented(n)
		if done || err != nil {
			return err
		}
	}
	if n > 1 {
		return w.many(n)
	}
	w.message.Iov = &w.parts[0]
	w.message.SetIovlen(2)
	_, err := w.send()
	return err
}

// segmented sends blocks as few large packets that the kernel, or the network card, cuts apart. It says false where that is
// not to be had: no such option, blocks larger than the path's MTU, a tunnel.
func (w *fastWire) segmented(n int) (bool, error) {
	each := min(mostSegments, mostBytes/(headerSize+w.block))
	w.message.Control = (*byte)(unsafe.Pointer(&w.segment))
	w.message.SetControllen(int(unsafe.Sizeof(w.segment)))
	defer func() {
		w.message.Control = nil
		w.message.SetControllen(0)
	}()
	for from := 0; each > 1 && from < n; from += each {
		w.message.Iov = &w.parts[2*from]
		w.message.SetIovlen(2 * min(each, n-from))
		if taken, err := w.send(); err != nil || !taken {
			w.offload = taken
			return taken, err
		}
	}
	return each > 1, nil
}

// send makes the call. It says false if the kernel does not take such a message; what it drops is no error.
func (w *fastWire) send() (bool, error) {
	for {
		_, _, errno := unix.Syscall(unix.SYS_SENDMSG, uintptr(w.fd), uintptr(unsafe.Pointer(&w.message)), unix.MSG_DONTWAIT)
		if errno != unix.EINTR {
			return outcome(errno)
		}
	}
}

// outcome reads what became of a packet. A full queue or a route that is away is a lost packet: it is sent again later.
func outcome(errno syscall.Errno) (bool, error) {
	switch errno { //nolint:exhaustive // the others are in default
	case 0, unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM, unix.EPERM, unix.ECONNREFUSED, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.ENETDOWN, unix.EHOSTDOWN:
		return true, nil
	case unix.EFAULT:
		return true, errChanged // its end was cut off, so the mapping has holes
	case unix.EINVAL, unix.EIO, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		return false, nil
	default:
		return true, errno
	}
}

// many sends each block as a packet of its own, with one call for all.
func (w *fastWire) many(n int) error {
	if w.batch == nil {
		w.batch = make([]multiHead, len(w.heads))
	}
	for i := range n {
		w.batch[i].Msghdr = w.message
		w.batch[i].Iov = &w.parts[2*i]
		w.batch[i].SetIovlen(2)
	}
	for from := 0; from < n; {
		sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(w.fd), uintptr(unsafe.Pointer(&w.batch[from])), uintptr(n-from), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			_, err := outcome(errno)
			return err
		default:
			from += int(sent)
		}
	}
	return nil
}
