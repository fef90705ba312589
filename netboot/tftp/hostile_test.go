package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// raw is a client of which a test writes every packet.
type raw struct {
	t    *testing.T
	conn *net.UDPConn
	tid  netip.AddrPort // of the last packet that came
}

func newRaw(t *testing.T) *raw {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &raw{t: t, conn: conn}
}

func (r *raw) send(to netip.AddrPort, p string) {
	r.t.Helper()
	if _, err := r.conn.WriteToUDPAddrPort([]byte(p), to); err != nil {
		r.t.Fatal(err)
	}
}

// say sends to whom the socket is connected.
func (r *raw) say(p string) {
	r.t.Helper()
	if _, err := r.conn.Write([]byte(p)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) read(within time.Duration) (string, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		r.t.Fatal(err)
	}
	var buf [2048]byte
	n, from, err := r.conn.ReadFromUDPAddrPort(buf[:])
	if err == nil {
		r.tid = from
	}
	return string(buf[:n]), err
}

// want waits for a packet that begins so, past others.
func (r *raw) want(prefix string) {
	r.t.Helper()
	end := time.Now().Add(patient)
	for time.Now().Before(end) {
		p, err := r.read(time.Until(end))
		if err == nil && strings.HasPrefix(p, prefix) {
			return
		}
		if err == nil && p[1] == opError && prefix[1] != opError {
			r.t.Fatalf("%q, want %q", p, prefix)
		}
	}
	r.t.Fatalf("no packet begins with %q", prefix)
}

func ack(n int) string { return string([]byte{0, opAck, byte(n >> 8), byte(n)}) }

func data(n int) string { return string([]byte{0, opData, byte(n >> 8), byte(n)}) }

const askKernel = "\x00\x01kernel\x00octet\x00"

// TestStrangers: packets of another port have no effect and are told so, with error 5 or by the kernel; garbage of the client
// has none either.
func TestStrangers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		r.put(t, "kernel", noise(1500))
		c := newRaw(t)
		c.send(r.addr, askKernel)
		c.want(data(1))
		tid := c.tid
		conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(tid)) // one that hears of ICMP
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		stranger := &raw{t: t, conn: conn}
		stranger.say(ack(1))
		if p, err := stranger.read(patient); !errors.Is(err, syscall.ECONNREFUSED) && !strings.HasPrefix(p, "\x00\x05\x00\x05") {
			t.Errorf("a stranger got %q, %v", p, err)
		}
		stranger.say("\x00\x05\x00\x00stop\x00") // must not end it
		for _, p := range []string{ack(0), ack(2), ack(65535), ack(40000), "", "\x00", "\x00\x04\x00", data(1), "\xff\xff\xff\xff", askKernel, strings.Repeat("\x00\x04", 250)} {
			c.send(tid, p)
		}
		for n := 1; n < 3; n++ {
			c.send(tid, ack(n))
			c.want(data(n + 1))
		}
		c.send(tid, ack(3))
		if e := r.wait(t); e.err != nil || e.sent != 1500 {
			t.Errorf("ended with %+v", e)
		}
	})
}

// TestGone: a client that stops is given up, and one that never answers gets a few packets only.
func TestGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, func(c *Config, s *Server) {
			change(c, s)
			c.Silence = 300 * time.Millisecond
		})
		r.put(t, "kernel", noise(5000))
		c := newRaw(t)
		c.send(r.addr, askKernel)
		c.want(data(1))
		c.send(c.tid, ack(1))
		c.want(data(2))
		if e := r.wait(t); !errors.Is(e.err, errSilent) || e.sent != 1024 {
			t.Errorf("ended with %+v", e)
		}
	})
}

func TestForgedSource(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Server) { c.Silence = time.Hour })
	r.put(t, "kernel", noise(5000))
	c := newRaw(t)
	c.send(r.addr, askKernel)
	if e := r.wait(t); !errors.Is(e.err, errSilent) {
		t.Errorf("ended with %+v", e)
	}
	n := 0
	for {
		if _, err := c.read(10 * time.Millisecond); err != nil {
			break
		}
		n++
	}
	if n != 5 {
		t.Errorf("an address that never answered got %d packets, want 5", n)
	}
}

// TestAsksOften: a request that comes again at once is one; after its answer was taken it is another.
func TestAsksOften(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened := 0
	r := newRig(t, func(c *Config, _ *Server) {
		inner := c.Open
		c.Open = func(name string, peer netip.AddrPort) (*File, error) {
			if name == "kernel" {
				mu.Lock()
				opened++
				mu.Unlock()
			}
			return inner(name, peer)
		}
	})
	r.put(t, "kernel", noise(600))
	c := newRaw(t)
	for range 1000 {
		c.send(r.addr, askKernel)
	}
	c.want(data(1))
	first := c.tid
	other := newRaw(t) // its request comes after all those
	for end := time.Now().Add(patient); ; {
		other.send(r.addr, "\x00\x01none\x00octet\x00") // again: a socket that is full of them drops it
		p, err := other.read(200 * time.Millisecond)
		if err == nil && strings.HasPrefix(p, "\x00\x05\x00\x01") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("got %q, %v", p, err)
		}
	}
	c.send(first, ack(1))
	c.want(data(2))
	c.send(r.addr, askKernel) // was reset
	for c.tid == first {
		c.want(data(1))
	}
	c.send(c.tid, ack(1))
	c.want(data(2))
	c.send(c.tid, ack(2))
	c.send(first, ack(2))
	for range 2 {
		if e := r.wait(t); e.err != nil {
			t.Errorf("ended with %+v", e)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if opened != 2 {
		t.Errorf("opened %d times", opened)
	}
}

// oneEach lets one transfer of an address in at a time.
type oneEach struct {
	mu sync.Mutex
	in map[netip.Addr]bool
}

func (g *oneEach) Enter(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in[a] {
		return false
	}
	g.in[a] = true
	return true
}

func (g *oneEach) Leave(a netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.in, a)
}

func TestGate(t *testing.T) {
	t.Parallel()
	gate := &oneEach{in: map[netip.Addr]bool{}}
	r := newRig(t, func(c *Config, _ *Server) { c.Gate = gate })
	r.put(t, "kernel", noise(100))
	a, b := newRaw(t), newRaw(t)
	a.send(r.addr, askKernel)
	a.want(data(1))
	b.send(r.addr, askKernel)
	if p, err := b.read(patient); err != nil || !strings.Contains(p, "too many") {
		t.Errorf("the second got %q, %v", p, err)
	}
	a.send(a.tid, ack(1))
	r.wait(t)
	for { // the place is given back a moment after the end is told
		b.send(r.addr, askKernel)
		if p, err := b.read(patient); err != nil || strings.HasPrefix(p, data(1)) {
			break
		}
	}
	b.send(b.tid, ack(1))
	if e := r.wait(t); e.err != nil {
		t.Errorf("ended with %+v", e)
	}
}

// TestClientGivesUp: its error ends the transfer at once, and is what the end says.
func TestClientGivesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.put(t, "kernel", noise(5000))
	c := newRaw(t)
	c.send(r.addr, askKernel[:len(askKernel)-1]+"\x00tsize\x000\x00")
	c.want("\x00\x06tsize\x005000\x00")
	c.send(c.tid, "\x00\x05\x00\x08only asked\x00")
	var e *Error
	if got := r.wait(t); !errors.As(got.err, &e) || e.Code != CodeOptions || e.Text != "only asked" || got.sent != 0 {
		t.Errorf("ended with %+v", got)
	}
}

// TestRefusals: what is refused is so with the right code, and nothing else is answered.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Server) {
		inner := c.Open
		c.Open = func(name string, peer netip.AddrPort) (*File, error) {
			switch name {
			case "panic":
				panic("a test")
			case "text":
				return nil, os.ErrNotExist
			}
			return inner(name, peer)
		}
	})
	for _, c := range []struct {
		packet string
		code   uint16
	}{
		{"\x00\x01none\x00octet\x00", CodeNotFound},
		{"\x00\x01text\x00octet\x00", CodeNotFound},
		{"\x00\x01panic\x00octet\x00", CodeUndefined},
		{"\x00\x02kernel\x00octet\x00", CodeAccess},
		{"\x00\x01kernel\x00netascii\x00", CodeIllegal},
		{"\x00\x01kernel", CodeIllegal},
	} {
		x := newRaw(t)
		for _, silent := range []string{ack(1), data(1), "\x00\x05\x00\x00x\x00", "?", "\x00\x09\x00\x00"} {
			x.send(r.addr, silent)
		}
		x.send(r.addr, c.packet)
		p, err := x.read(patient)
		if err != nil || len(p) < headerSize || p[1] != opError || binary.BigEndian.Uint16([]byte(p)[2:]) != c.code {
			t.Errorf("%q: %q, %v; want code %d", c.packet, p, err, c.code)
		}
	}
}

// TestStop: transfers are told, Serve ends, nobody is let in any more.
func TestStop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, change func(*Config, *Server)) {
		r := newRig(t, change)
		r.put(t, "kernel", noise(5000))
		var clients []*raw
		for range 20 {
			c := newRaw(t)
			c.send(r.addr, askKernel)
			c.want(data(1))
			clients = append(clients, c)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		for _, c := range clients {
			for { // past blocks that were sent again
				p, err := c.read(patient)
				if err != nil || strings.Contains(p, errStopping.Text) {
					if err != nil {
						t.Error(err)
					}
					break
				}
			}
			if e := r.wait(t); !errors.Is(e.err, errStopping) {
				t.Errorf("ended with %+v", e)
			}
		}
	})
}

// TestStopLeavesBehind: a file that cannot be opened, such as one of a dead file server, does not hold up the stop.
func TestStopLeavesBehind(t *testing.T) {
	t.Parallel()
	opening, release := make(chan struct{}), make(chan struct{})
	r := newRig(t, func(c *Config, _ *Server) {
		c.Open = func(string, netip.AddrPort) (*File, error) {
			close(opening)
			<-release
			return nil, os.ErrNotExist
		}
	})
	c := newRaw(t)
	c.send(r.addr, askKernel)
	<-opening
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	close(release)
	c.want("\x00\x05\x00\x01")
	var late bytes.Buffer
	if err := (&client{server: r.addr, tries: 1, patience: time.Millisecond}).fetch("kernel", &late); err == nil {
		t.Error("a request was answered after the stop")
	}
}
