package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/net/ipv4"
)

// client reads as a loader does that knows windows. A field of 0 asks for nothing.
type client struct {
	server   netip.AddrPort
	block    int
	window   int
	timeout  int           // seconds, as an option
	size     bool          // ask for tsize
	patience time.Duration // until it repeats itself
	tries    int           // repetitions without progress; 0: 40

	conn   *net.UDPConn
	tid    netip.AddrPort
	until  time.Time
	batch  []ipv4.Message // packets read at once, of which those from at on are new
	at     int
	ack    [headerSize]byte
	read4  *ipv4.PacketConn
	agreed map[string]int // options as the server took them
}

// fetch reads a file into w.
func (c *client) fetch(name string, w io.Writer) error {
	var err error
	if c.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(unspecified(c.server.Addr()), 0))); err != nil {
		return err
	}
	defer func() { _ = c.conn.Close() }()
	_ = c.conn.SetReadBuffer(1 << 20)
	if c.patience == 0 {
		c.patience = time.Second
	}
	if c.tries == 0 {
		c.tries = 40
	}
	c.read4 = ipv4.NewPacketConn(c.conn) // reads packets of IPv6 too
	c.batch = make([]ipv4.Message, 1)
	if c.window > 1 {
		c.batch = make([]ipv4.Message, min(c.window, 32))
	}
	for i := range c.batch {
		c.batch[i].Buffers = [][]byte{make([]byte, max(c.block, plainBlock)+headerSize)}
	}
	c.batch, c.at = c.batch[:0], 0
	c.agreed = map[string]int{"blksize": plainBlock, "windowsize": 1}
	p, err := c.first(name)
	if err != nil {
		return err
	}
	return c.receive(p, w)
}

// ask is the request.
func (c *client) ask(name string) []byte {
	p := append(append([]byte{0, opRead}, name...), "\x00octet\x00"...)
	for _, o := range []struct {
		name string
		n    int
	}{{"blksize", c.block}, {"windowsize", c.window}, {"timeout", c.timeout}} {
		if o.n != 0 {
			p = append(p, fmt.Sprintf("%s\x00%d\x00", o.name, o.n)...)
		}
	}
	if c.size {
		p = append(p, "tsize\x000\x00"...)
	}
	return p
}

// first asks until something comes.
func (c *client) first(name string) ([]byte, error) {
	for range c.tries {
		if _, err := c.conn.WriteToUDPAddrPort(c.ask(name), c.server); err != nil {
			return nil, err
		}
		p, err := c.read()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return p, err
		}
	}
	return nil, errSilent
}

// receive takes blocks, beginning with the server's first packet.
func (c *client) receive(p []byte, w io.Writer) error {
	acked, got, tries := uint16(0), uint16(0), 0 // highest acknowledged, highest in order
	oack := false
	var err error
	for ; ; p, err = c.read() {
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if tries++; tries > c.tries {
				return errSilent
			}
			c.acknowledge(got)
			acked = got
			continue
		case err != nil:
			return err
		}
		op, number := binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])
		switch {
		case op == opOptions && got == 0 && !oack:
			oack = true
			if err := c.options(p[2:]); err != nil {
				return err
			}
			c.acknowledge(0)
		case op == opOptions: // once more: its acknowledgement was lost
			if got == 0 {
				c.acknowledge(0)
			}
		case op != opData:
		case number != got+1:
			if acked != got || c.agreed["windowsize"] == 1 { // a gap, or a block again
				c.acknowledge(got)
				acked = got
			}
		default:
			got++
			tries = 0
			if _, err := w.Write(p[headerSize:]); err != nil {
				return err
			}
			last := len(p)-headerSize < c.agreed["blksize"]
			if last || int(got-acked) >= c.agreed["windowsize"] {
				c.acknowledge(got)
				acked = got
			}
			if last {
				return nil
			}
		}
	}
}

func (c *client) options(p []byte) error {
	for len(p) > 0 {
		var name, value string
		name, p, _ = word(p)
		value, p, _ = word(p)
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("option %s=%q", name, value)
		}
		c.agreed[name] = n
	}
	return nil
}

func (c *client) acknowledge(n uint16) {
	c.ack[1] = opAck
	binary.BigEndian.PutUint16(c.ack[2:], n)
	_, _ = c.conn.WriteToUDPAddrPort(c.ack[:], c.tid) // lost is lost
}

// read gives the next packet of the server within the patience.
func (c *client) read() ([]byte, error) {
	for {
		if now := time.Now(); c.until.Before(now.Add(c.patience / 2)) {
			c.until = now.Add(c.patience)
			if err := c.conn.SetReadDeadline(c.until); err != nil {
				return nil, err
			}
		}
		in, from, err := c.receiveOne()
		switch {
		case err != nil:
			c.until = time.Time{}
			return nil, err
		case len(in) < headerSize:
			continue
		case !c.tid.IsValid():
			if from.Addr() != c.server.Addr() {
				return nil, fmt.Errorf("%s was asked, %s answers", c.server, from)
			}
			c.tid = from
		case from != c.tid:
			_, _ = c.conn.WriteToUDPAddrPort((&Error{Code: CodeUnknownTID, Text: "not you"}).packet(), from)
			continue
		}
		if binary.BigEndian.Uint16(in) == opError {
			return nil, clientError(in)
		}
		return in, nil
	}
}

// receiveOne gives the next packet, from anybody; several are read at once.
func (c *client) receiveOne() ([]byte, netip.AddrPort, error) {
	if cap(c.batch) == 1 {
		buf := c.batch[:1][0].Buffers[0]
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		return buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
	}
	if c.at == len(c.batch) {
		n, err := c.read4.ReadBatch(c.batch[:cap(c.batch)], 0)
		c.batch, c.at = c.batch[:max(n, 0)], 0
		if err != nil {
			return nil, netip.AddrPort{}, err
		}
	}
	m := c.batch[c.at]
	c.at++
	from := m.Addr.(*net.UDPAddr).AddrPort()
	return m.Buffers[0][:m.N], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), nil
}
