package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	receivePause = time.Second     // until what was received last is acknowledged again; a client's timeout may be longer
	dally        = 3 * time.Second // for the last block once more, if its acknowledgement was lost
)

// receive is one transfer from a client, from the sink to what became of it. It calls heard when the client has sent.
func (s *Server) receive(r request, peer netip.AddrPort, local netip.Addr, heard func()) error {
	size := announced(r.options)
	sink, err := s.take(r.name, size, peer)
	if err != nil {
		s.refuse(asError(err), peer, local)
		return nil // who takes knows best what to say of it
	}
	conn, err := bind(local)
	if err != nil {
		sink.Drop(err)
		return err
	}
	defer func() { _ = conn.Close() }()
	terms := agree(r.options, max(size, 0), s.cfg.Window, func() int { return s.largest(0, local, peer) })
	s.live.follow(conn)
	defer s.live.leave(conn)
	u := &upload{conn: conn, peer: peer, terms: terms, sink: sink, next: 1, silence: s.patience(terms),
		stopped: s.live.stopped.Load, answered: sync.OnceFunc(heard)}
	u.run()
	return nil
}

// take calls the taker. One that panics ends the request, not the process.
func (s *Server) take(name string, size int64, peer netip.AddrPort) (sink Sink, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a TFTP write request broke its handler", "name", name, "client", peer, "panic", p)
			err = errBroken
		}
	}()
	return s.cfg.Take(name, size, peer)
}

// announced is the size of the file by the client's word; -1: it said nothing.
func announced(options []option) int64 {
	for _, o := range options {
		if n, err := strconv.ParseInt(o.value, 10, 64); strings.EqualFold(o.name, "tsize") && err == nil && n >= 0 {
			return n
		}
	}
	return -1
}

// upload takes one file from one client.
type upload struct {
	conn     *net.UDPConn
	peer     netip.AddrPort
	terms    terms
	sink     Sink
	silence  time.Duration // how long a client may send nothing new
	stopped  func() bool
	answered func() // called when the client has sent something

	next  uint16    // the block that is due
	begun bool      // the client has sent something
	fresh int       // blocks since the last acknowledgement
	gap   bool      // it was said that a block is missing
	kept  bool      // every byte has come, and the sink has them
	heard time.Time // when something new came last
	due   time.Time // when to say again what came last
	tries int       // acknowledgements in a row that nothing followed
	said  []byte    // the last packet sent
}

// run takes the file, and tells the sink how it ended. A client that never hears of the end of a file that was kept has
// its own opinion of the transfer; the file is there.
func (u *upload) run() {
	u.heard = time.Now()
	u.acknowledge()
	err := u.listen()
	if u.kept {
		return
	}
	var client *Error
	if !errors.As(err, &client) {
		client = &Error{Code: CodeUndefined, Text: "the file cannot be written"}
	}
	if !errors.Is(err, errGone) && !errors.Is(err, errSilent) {
		u.send(client.packet())
	}
	if !errors.Is(err, errKeep) {
		u.sink.Drop(err)
	}
}

var (
	errGone = errors.New("the client gave up") // and is told nothing more
	errKeep = errors.New("not kept")           // the sink knows why
)

// listen takes packets until the transfer has ended, and gives what ended it; nil: nothing did but its end.
func (u *upload) listen() error {
	buf := make([]byte, headerSize+u.terms.block+1) // one more, to see what is longer than agreed
	for {
		if err := u.conn.SetReadDeadline(u.due); err != nil {
			return err
		}
		if u.stopped() { // after the deadline was set: the stop sets it to the past
			return errStopping
		}
		n, from, err := u.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if over, err := u.expired(time.Now()); over {
				return err
			}
		case err != nil:
			return err
		case netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != u.peer:
			_, _ = u.conn.WriteToUDPAddrPort((&Error{Code: CodeUnknownTID, Text: "unknown transfer"}).packet(), from)
		default:
			if err := u.packet(buf[:n]); err != nil {
				return err
			}
		}
	}
}

// expired says again what came last, and gives up a client that is gone. One whose file is kept is only waited for.
func (u *upload) expired(now time.Time) (over bool, err error) {
	switch {
	case u.kept:
		return !now.Before(u.due), nil
	case now.Before(u.due):
		return false, nil
	case now.Sub(u.heard) >= u.silence, !u.begun && u.tries >= firstTries:
		return true, errSilent
	}
	u.fresh = 0
	u.send(u.said)
	return false, nil
}

// packet takes what the client sent.
func (u *upload) packet(p []byte) error {
	if len(p) < headerSize {
		return nil
	}
	switch binary.BigEndian.Uint16(p) {
	case opError:
		if u.kept {
			return nil
		}
		return fmt.Errorf("%w: %w", errGone, clientError(p))
	case opData:
	default:
		return nil
	}
	u.begun = true
	u.answered()
	data := p[headerSize:]
	switch ahead := binary.BigEndian.Uint16(p[2:]) - u.next; {
	case len(data) > u.terms.block:
		return &Error{Code: CodeIllegal, Text: "a block is longer than was agreed"}
	case u.kept:
		if ahead == 0xffff { // the last block: the acknowledgement was lost
			_, _ = u.conn.WriteToUDPAddrPort(u.said, u.peer)
		}
	case ahead == 0:
		return u.block(data)
	case ahead == 0xffff && u.fresh == 0, ahead < uint16(u.terms.window) && !u.gap:
		// It did not hear of the last acknowledgement, or a block of the window is lost: it goes on after what came last.
		u.gap = true
		u.fresh = 0
		u.acknowledge()
	}
	return nil
}

// block takes the block that was due. The last one is acknowledged only when the sink has all.
func (u *upload) block(data []byte) error {
	if _, err := u.sink.Write(data); err != nil {
		return err
	}
	u.next++ // rolls over beyond 65,535 blocks
	u.fresh++
	u.gap, u.tries, u.heard = false, 0, time.Now()
	if len(data) < u.terms.block {
		if err := u.sink.Keep(); err != nil {
			return fmt.Errorf("%w: %w", errKeep, err)
		}
		u.kept = true
		u.acknowledge()
		u.due = u.heard.Add(dally)
		return nil
	}
	if u.fresh >= u.terms.window {
		u.fresh = 0
		u.acknowledge()
		return nil
	}
	u.due = u.heard.Add(u.pause())
	return nil
}

// acknowledge says which block came last in order.
func (u *upload) acknowledge() {
	p := binary.BigEndian.AppendUint16([]byte{0, opAck}, u.next-1)
	if !u.begun && u.terms.answer != nil {
		p = u.terms.answer // stands for the acknowledgement of the request
	}
	u.send(p)
}

// send puts a packet on the wire, to be sent again after a pause. One that is lost, or finds no route, is so sent again.
func (u *upload) send(p []byte) {
	u.said = p
	u.tries++
	u.due = time.Now().Add(u.pause())
	_, _ = u.conn.WriteToUDPAddrPort(p, u.peer)
}

func (u *upload) pause() time.Duration { return max(receivePause, u.terms.timeout) }
