package relaysim

import (
	"io"
	"net"
	"time"

	"mozpool/relayproto"
)

// accept ends when its listener closes.
func (b *Board) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		b.admit(conn)
	}
}

func (b *Board) admit(conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	busy := b.serving || time.Now().Before(b.restUntil)
	b.knocked++
	turned := b.faults.Refuse || b.faults.Every > 0 && b.knocked%b.faults.Every != 0
	if b.listener == nil || turned || busy && !b.options.Ignore {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
		return
	}
	b.open[conn] = true
	if busy {
		b.wg.Go(func() { b.ignore(conn) })
		return
	}
	b.serving = true
	b.served++
	id := b.served
	b.wg.Go(func() { b.serve(conn, id) })
}

// ignore holds a connection without an answer until the other side, Unplug or
// Close ends it.
func (b *Board) ignore(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn) // its end is all that matters
	_ = conn.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, conn)
}

func (b *Board) serve(conn net.Conn, id int) {
	defer b.leave(conn)
	buffer, kept := make([]byte, 64), []byte(nil)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		pending := append(kept, buffer[:n]...)
		for len(pending) > 0 {
			c, used, err := relayproto.DecodeCommand(pending)
			if err != nil || used == 0 && !b.options.AnySegments {
				b.note(Entry{Connection: id, From: peer(conn), Raw: append([]byte(nil), pending...)})
				pending = nil
				break
			}
			if used == 0 {
				break
			}
			pending = pending[used:]
			if !b.answer(conn, id, c) {
				return
			}
		}
		kept = append([]byte(nil), pending...)
	}
}

func (b *Board) note(e Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.At = time.Now()
	b.journal = append(b.journal, e)
}

// answer performs one command; false ends the connection.
func (b *Board) answer(conn net.Conn, id int, c relayproto.Command) bool {
	b.mu.Lock()
	f := b.faults
	if !f.Mute && !f.Stuck[c.Relay] {
		switch c.Verb {
		case relayproto.Energise, relayproto.Release:
			b.set(c.Relay, c.Verb == relayproto.Energise)
		case relayproto.Test, relayproto.ReadCoil:
		}
	}
	reply := []byte{c.EncodeReply(b.energised[c.Relay])}
	b.mu.Unlock()
	if f.Nonsense != nil {
		reply = f.Nonsense
	}
	if f.Mute || f.Drop {
		reply = nil
	}
	b.note(Entry{Connection: id, From: peer(conn), Command: c, Reply: reply})
	if f.Drop {
		_ = conn.(*net.TCPConn).SetLinger(0)
		return false
	}
	return b.send(conn, reply, f.Slow)
}

func (b *Board) send(conn net.Conn, reply []byte, slow time.Duration) bool {
	if slow == 0 {
		_, err := conn.Write(reply)
		return err == nil
	}
	for i := range reply {
		if !b.pause(slow) {
			return false
		}
		if _, err := conn.Write(reply[i : i+1]); err != nil {
			return false
		}
	}
	return true
}

func (b *Board) leave(conn net.Conn) {
	_ = conn.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, conn)
	b.serving = false
	b.restUntil = time.Now().Add(b.scaled(b.options.Rest))
}

// peer is the address at the other end.
func peer(c net.Conn) string {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return ""
}
