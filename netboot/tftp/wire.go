package tftp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"
)

// verdict is what a transfer makes of a packet.
type verdict int

const (
	more  verdict = iota // there may be others
	quiet                // nothing else of use can have come already
	over                 // the transfer has ended
)

// wire is how packets of a transfer get out and in. What is sent has left the caller's memory when send returns, so that
// nothing of it is ever reused before it is on the wire. What the network or a full queue drops is no error.
type wire interface {
	// blocks sends a run of blocks, each with its header.
	blocks(s span) error
	// packet sends anything else.
	packet(p []byte)
	// listen hands the client's packets to on until that says over, with nil, or with os.ErrDeadlineExceeded until the
	// deadline has passed; it may say that early.
	listen(on func(p []byte) verdict) error
	// deadline sets when listen ends at the latest.
	deadline(at time.Time)
	// close gives back what the wire has taken, but for the socket that it was made of.
	close()
}

const (
	largestReply = 516 // of a client: an ACK has 4 bytes, an ERROR some more
	mostStrays   = 16  // answers to packets of others, a transfer
)

// line is what both kinds of wire have in common.
type line struct {
	conn   *net.UDPConn
	peer   netip.AddrPort
	from   *source
	write  func(p []byte, to netip.AddrPort) // what is lost is lost
	strays int
	in     [largestReply]byte
}

// stray answers a packet that is not of the client. An ERROR is not answered with another.
func (l *line) stray(p []byte, from netip.AddrPort) {
	if l.strays >= mostStrays || len(p) < 2 || binary.BigEndian.Uint16(p) == opError {
		return
	}
	l.strays++
	l.write((&Error{Code: CodeUnknownTID, Text: "unknown transfer ID"}).packet(), from)
}

func (l *line) packet(p []byte) { l.write(p, l.peer) }

func (l *line) deadline(at time.Time) { _ = l.conn.SetReadDeadline(at) } // fails on a closed socket only

func (l *line) close() {}

func newLine(conn *net.UDPConn, peer netip.AddrPort, from *source) line {
	return line{conn: conn, peer: peer, from: from, write: func(p []byte, to netip.AddrPort) { _, _ = conn.WriteToUDPAddrPort(p, to) }}
}

// plainWire uses what every system has.
type plainWire struct {
	line
	out []byte
}

func newPlainWire(l line) *plainWire { return &plainWire{line: l} }

func (w *plainWire) blocks(s span) error {
	for n := s.first; n <= s.last; n++ {
		data, err := w.from.at(n, 0)
		if err != nil {
			return err
		}
		w.out = append(binary.BigEndian.AppendUint16(append(w.out[:0], 0, opData), uint16(n)), data...)
		w.packet(w.out)
	}
	return nil
}

func (w *plainWire) listen(on func(p []byte) verdict) error {
	for {
		n, from, err := w.conn.ReadFromUDPAddrPort(w.in[:])
		if err != nil {
			return err
		}
		if from != w.peer {
			w.stray(w.in[:n], from)
			continue
		}
		if on(w.in[:n]) == over {
			return nil
		}
	}
}
