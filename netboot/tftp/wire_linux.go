package tftp

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	mostSegments = 64    // of one system call with segmentation offload; older kernels take no more
	mostBytes    = 65000 // of one such call: an IP packet's length has 16 bits
)

// fastWire sends straight from the file's mapping, a window with one system call, and receives without asking first
// whether there is anything. It allocates nothing while a transfer goes on.
type fastWire struct {
	line
	fd    uintptr // of conn, which nobody closes while the wire is used
	raw   syscall.RawConn
	on    func(p []byte) verdict
	block int

	to      unix.RawSockaddrAny
	sender  unix.RawSockaddrAny
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

// newWire makes the wire of a transfer.
func (s *Server) newWire(l line, t terms) (wire, error) {
	if s.plain {
		return newPlainWire(l), nil
	}
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	w := &fastWire{line: l, raw: raw, block: t.block, offload: !s.least, heads: make([][headerSize]byte, t.window), parts: make([]unix.Iovec, 2*t.window)}
	if err := raw.Control(func(fd uintptr) { w.fd = fd }); err != nil {
		return nil, err
	}
	w.point()
	w.segment.head.Level, w.segment.head.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	w.segment.head.SetLen(unix.CmsgLen(2))
	w.segment.size = uint16(headerSize + t.block)
	if s.least {
		return w, nil
	}
	return express(w, s.live.stopped.Load), nil
}

// point sets the address that messages go to: within the wire, so it is set anew for a copy.
func (w *fastWire) point() {
	w.message.Name, w.message.Namelen = (*byte)(unsafe.Pointer(&w.to)), putAddr(&w.to, w.peer)
}

// putAddr writes an address as the kernel wants it and gives its length.
func putAddr(sa *unix.RawSockaddrAny, a netip.AddrPort) uint32 {
	port := a.Port()<<8 | a.Port()>>8
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		port = a.Port()
	}
	if a.Addr().Is4() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		*in = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: a.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
	*in = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: a.Addr().As16(), Scope_id: zoneIndex(a.Addr().Zone())}
	return unix.SizeofSockaddrInet6
}

// getAddr reads an address that the kernel wrote, without its zone.
func getAddr(sa *unix.RawSockaddrAny) netip.AddrPort {
	in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&in.Port))[:])
	if in.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16((*unix.RawSockaddrInet6)(unsafe.Pointer(sa)).Addr), port)
}

// blocks sends a run of blocks. One block is one call; more are one call too, where the kernel cuts them apart.
func (w *fastWire) blocks(s span) error {
	n := s.count()
	for i := range n {
		number := s.first + int64(i)
		data, err := w.from.at(number, i)
		if err != nil {
			return err
		}
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
		_, _, errno := unix.Syscall(unix.SYS_SENDMSG, w.fd, uintptr(unsafe.Pointer(&w.message)), unix.MSG_DONTWAIT)
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
		sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, w.fd, uintptr(unsafe.Pointer(&w.batch[from])), uintptr(n-from), unix.MSG_DONTWAIT, 0, 0)
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

// listen stays in one call for as long as the deadline allows. The runtime then remembers each arrival until drain has
// been called for it, so drain may leave before it has found the queue empty.
func (w *fastWire) listen(on func(p []byte) verdict) error {
	w.on = on
	return w.raw.Read(w.drain)
}

// drain reads what has come; true ends listen. It stops at an acknowledgement of all that was sent: nothing else of use can
// have been there, and looking would cost a system call for each flight. What lies there nevertheless is read before the
// next that is of use.
func (w *fastWire) drain(uintptr) bool {
	for {
		n, errno := w.receive(unix.MSG_DONTWAIT)
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return false
		case !w.ofPeer():
			w.stray(w.in[:n], getAddr(&w.sender))
			continue
		}
		switch w.on(w.in[:n]) {
		case over:
			return true
		case quiet:
			return false
		case more:
		}
	}
}

// receive reads a packet. Without MSG_DONTWAIT it may take a while, of which the runtime is told.
func (w *fastWire) receive(flags uintptr) (int, syscall.Errno) {
	size := uint32(unsafe.Sizeof(w.sender))
	call := unix.Syscall6
	if flags&unix.MSG_DONTWAIT != 0 {
		call = unix.RawSyscall6
	}
	n, _, errno := call(unix.SYS_RECVFROM, w.fd, uintptr(unsafe.Pointer(&w.in)), largestReply, flags,
		uintptr(unsafe.Pointer(&w.sender)), uintptr(unsafe.Pointer(&size)))
	return int(n), errno
}

// ofPeer says whether the packet just read is the client's.
func (w *fastWire) ofPeer() bool {
	a, b := (*unix.RawSockaddrInet4)(unsafe.Pointer(&w.sender)), (*unix.RawSockaddrInet4)(unsafe.Pointer(&w.to))
	if a.Family != b.Family || a.Port != b.Port {
		return false
	}
	if a.Family == unix.AF_INET {
		return a.Addr == b.Addr
	}
	return (*unix.RawSockaddrInet6)(unsafe.Pointer(a)).Addr == (*unix.RawSockaddrInet6)(unsafe.Pointer(b)).Addr
}
