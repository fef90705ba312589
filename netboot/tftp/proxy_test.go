package tftp

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// weather is what a network does to packets, each a share of 1.
type weather struct {
	lose, double, delay float64
	by                  time.Duration // how late a delayed packet is at most; others overtake it
}

// proxy stands between clients and a server and lets the weather at both directions. Each client has a socket towards the
// server, and each port of the server one towards the client, so that both still see transfer IDs.
type proxy struct {
	weather weather
	server  netip.AddrPort
	addr    netip.AddrPort
	front   *net.UDPConn

	mu     sync.Mutex
	rng    *rand.Rand
	open   []*net.UDPConn
	closed bool
	busy   sync.WaitGroup // goroutines and packets that are late
}

func newProxy(t *testing.T, server netip.AddrPort, w weather, seed uint64) *proxy {
	t.Helper()
	p := &proxy{weather: w, server: server, rng: rand.New(rand.NewPCG(seed, 1))}
	p.front = p.socket()
	p.addr = p.front.LocalAddr().(*net.UDPAddr).AddrPort()
	backs := map[netip.AddrPort]*net.UDPConn{}
	p.pump(p.front, func(data []byte, from netip.AddrPort) {
		back := backs[from]
		if back == nil {
			if back = p.client(from); back == nil {
				return
			}
			backs[from] = back
		}
		p.pass(back, data, p.server)
	})
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		for _, c := range p.open {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.busy.Wait()
	})
	return p
}

// socket is closed with the proxy; nil: that is closed already.
func (p *proxy) socket() *net.UDPConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil || p.closed {
		if c != nil {
			_ = c.Close()
		}
		return nil
	}
	_ = c.SetReadBuffer(1 << 20)
	p.open = append(p.open, c)
	return c
}

// pump hands what a socket receives to on, until the socket is closed.
func (p *proxy) pump(c *net.UDPConn, on func(data []byte, from netip.AddrPort)) {
	p.busy.Add(1)
	go func() {
		defer p.busy.Done()
		buf := make([]byte, 1<<16)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			on(buf[:n], from)
		}
	}()
}

// client makes the socket that stands for a client towards the server.
func (p *proxy) client(client netip.AddrPort) *net.UDPConn {
	back := p.socket()
	if back == nil {
		return nil
	}
	fronts := map[netip.AddrPort]*net.UDPConn{}
	p.pump(back, func(data []byte, from netip.AddrPort) {
		front := fronts[from]
		if front == nil {
			if front = p.socket(); front == nil {
				return
			}
			fronts[from] = front
			p.pump(front, func(data []byte, _ netip.AddrPort) { p.pass(back, data, from) })
		}
		p.pass(front, data, client)
	})
	return back
}

// pass sends a packet on, or not, or twice, or later.
func (p *proxy) pass(c *net.UDPConn, data []byte, to netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.rng.Float64() < p.weather.lose {
		return
	}
	times := 1
	if p.rng.Float64() < p.weather.double {
		times = 2
	}
	for range times {
		if p.rng.Float64() >= p.weather.delay {
			_, _ = c.WriteToUDPAddrPort(data, to)
			continue
		}
		late := append([]byte(nil), data...)
		p.busy.Add(1)
		time.AfterFunc(time.Duration(p.rng.Int64N(int64(p.weather.by))), func() {
			defer p.busy.Done()
			_, _ = c.WriteToUDPAddrPort(late, to) // the socket may be closed by now
		})
	}
}
