package boardsim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

const (
	opRRQ   = 1
	opDATA  = 3
	opACK   = 4
	opERROR = 5
	opOACK  = 6

	askBlock  = 1468 // U-Boot's blksize
	tftpTries = 6

	leastAnswer = 50 * time.Millisecond // whatever the speed: the server's machine does not get faster
)

// tftpError is a TFTP ERROR packet.
type tftpError struct {
	code uint16
	text string
}

func (e *tftpError) Error() string { return fmt.Sprintf("TFTP error %d: %s", e.code, e.text) }

// tftpRead reads a file as U-Boot does: options `timeout` and `blksize`, one block at a time, a port of its own for each
// file. Package tftp's client cannot choose the address that it sends from.
func (b *Board) tftpRead(ctx context.Context, name string, into io.Writer) error {
	conn, err := b.udpFrom()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing was buffered
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	server, _ := b.cfg.where()
	t := &transfer{conn: conn, server: server, patience: max(b.cfg.scale(b.cfg.Times.Answer), leastAnswer), block: 512}
	if err := t.read(ctx, name, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// transfer is one read request.
type transfer struct {
	conn     *net.UDPConn
	server   netip.AddrPort // its port changes with the first answer
	heard    bool
	patience time.Duration
	block    int
	buf      [askBlock + 4]byte
}

func (t *transfer) read(ctx context.Context, name string, into io.Writer) error {
	packet := request(name)
	expect := uint16(1)
	for {
		answer, err := t.exchange(ctx, packet, expect)
		if err != nil {
			return err
		}
		if answer[1] == opOACK {
			if err := t.options(answer[2:]); err != nil {
				return err
			}
			packet = ack(0)
			continue
		}
		data := answer[4:]
		if _, err := into.Write(data); err != nil {
			return err
		}
		packet = ack(expect)
		if len(data) < t.block {
			_, err := t.conn.WriteToUDPAddrPort(packet, t.server)
			return err
		}
		expect++ // rolls over beyond 65,535 blocks
	}
}

// exchange sends a packet until the wanted block, the options or an error come.
func (t *transfer) exchange(ctx context.Context, packet []byte, expect uint16) ([]byte, error) {
	for range tftpTries {
		if _, err := t.conn.WriteToUDPAddrPort(packet, t.server); err != nil {
			return nil, err
		}
		answer, err := t.await(ctx, expect)
		if !errors.Is(err, errSilence) {
			return answer, err
		}
	}
	return nil, errors.New("the server does not answer")
}

var errSilence = errors.New("silence")

// await hears out the server until patience ends. What answers no question of this transfer is passed over.
func (t *transfer) await(ctx context.Context, expect uint16) ([]byte, error) {
	if err := t.conn.SetReadDeadline(time.Now().Add(t.patience)); err != nil {
		return nil, err
	}
	for {
		if ctx.Err() != nil { // after the deadline was set: the end of ctx sets it to the past
			return nil, ctx.Err()
		}
		n, from, err := t.conn.ReadFromUDPAddrPort(t.buf[:])
		if err != nil {
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case errors.Is(err, os.ErrDeadlineExceeded):
				return nil, errSilence
			}
			return nil, err
		}
		if n < 4 || from.Addr() != t.server.Addr() || t.heard && from.Port() != t.server.Port() {
			continue
		}
		p := t.buf[:n]
		switch op := binary.BigEndian.Uint16(p); {
		case op == opERROR:
			return nil, &tftpError{binary.BigEndian.Uint16(p[2:]), string(bytes.TrimRight(p[4:], "\x00"))}
		case op == opOACK && !t.heard, op == opDATA && binary.BigEndian.Uint16(p[2:]) == expect:
			t.server, t.heard = from, true
			return p, nil
		}
	}
}

// options takes what the server agreed to.
func (t *transfer) options(p []byte) error {
	words := bytes.Split(bytes.TrimRight(p, "\x00"), []byte{0})
	for i := 0; i+1 < len(words); i += 2 {
		if string(bytes.ToLower(words[i])) != "blksize" {
			continue
		}
		n, err := strconv.Atoi(string(words[i+1]))
		if err != nil || n < 8 || n > askBlock {
			return fmt.Errorf("the server chose an impossible blksize %q", words[i+1])
		}
		t.block = n
	}
	return nil
}

func request(name string) []byte {
	p := []byte{0, opRRQ}
	for _, word := range []string{name, "octet", "timeout", "5", "blksize", strconv.Itoa(askBlock)} {
		p = append(append(p, word...), 0)
	}
	return p
}

func ack(block uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0, opACK}, block) }
