package tftp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

const mostStrays = 16 // answers to packets of others, a transfer

// plainWire uses what every system has, and the goroutine of the transfer waits in it: for content that is no file on a
// disk, and where there is no reactor.
type plainWire struct {
	conn   *net.UDPConn
	from   *source
	peer   netip.AddrPort
	strays int
	out    []byte
	in     [largestReply]byte
}

// plainly runs a transfer in its goroutine and gives what ended it.
func (s *Server) plainly(t *transfer, local netip.Addr) error {
	conn, err := bind(local)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	s.live.follow(conn)
	defer s.live.leave(conn)
	w := &plainWire{conn: conn, from: t.from, peer: t.peer, out: make([]byte, headerSize+min(int64(t.terms.block), t.from.file.Size))}
	t.wire = w
	for v := t.begin(time.Now()); v != over; {
		if v == slow {
			v = t.prepared(t.prepare(), time.Now())
		} else {
			v = w.next(t, s.live.stopped.Load)
		}
	}
	return t.err
}

// next waits for a packet, or until it is time to send again.
func (w *plainWire) next(t *transfer, stopped func() bool) verdict {
	err := w.conn.SetReadDeadline(t.due)
	if stopped() { // after the deadline was set: the stop sets it to the past
		return t.fail(errStopping)
	}
	var n int
	var from netip.AddrPort
	if err == nil {
		n, from, err = w.conn.ReadFromUDPAddrPort(w.in[:])
	}
	now := time.Now()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return t.expired(now)
	case err != nil:
		t.err = err
		return over
	case from != w.peer:
		w.stray(w.in[:n], from)
		return more
	}
	return t.packet(w.in[:n], now)
}

// stray answers a packet that is not of the client. An ERROR is not answered with another.
func (w *plainWire) stray(p []byte, from netip.AddrPort) {
	if w.strays >= mostStrays || len(p) < 2 || binary.BigEndian.Uint16(p) == opError {
		return
	}
	w.strays++
	_, _ = w.conn.WriteToUDPAddrPort((&Error{Code: CodeUnknownTID, Text: "unknown transfer ID"}).packet(), from) // lost is lost
}

func (w *plainWire) blocks(s span) error {
	for n := s.first; n <= s.last; n++ {
		from, to := w.from.bounds(n)
		p := w.out[:headerSize+to-from]
		p[1] = opData
		binary.BigEndian.PutUint16(p[2:], uint16(n))
		if err := w.from.read(p[headerSize:], from); err != nil {
			return err
		}
		w.packet(p)
	}
	return nil
}

func (w *plainWire) packet(p []byte) { _, _ = w.conn.WriteToUDPAddrPort(p, w.peer) } // lost is lost
