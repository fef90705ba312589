package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	v1 "mozpool/httpapi/v1"
)

const (
	awayAtOnce = 64              // connections that are told at once why they are turned away; others are just closed
	awayHears  = time.Second     // for the request, which is not read further than that it began
	awayTells  = 1 * time.Second // for the answer
)

// crowd counts connections, of each source and in all. Its owner locks.
type crowd struct {
	perSource int // connections of one source
	inAll     int
	sources   map[netip.Addr]int
	all       int
}

// enter says why one more connection of a source is too many; nil: it is counted now, and leave gives its place back.
func (c *crowd) enter(source netip.Addr) error {
	switch {
	case c.all >= c.inAll:
		return &apiError{v1.KindUnavailable, fmt.Sprintf("the API has %d connections, which is its limit", c.inAll), "ask again soon; idle connections are closed by themselves"}
	case c.sources[source] >= c.perSource:
		return &apiError{v1.KindTooMany, fmt.Sprintf("%s has %d connections open, which is the limit of one source", source, c.perSource), "close idle connections, and use one for several requests"}
	}
	c.all++
	c.sources[source]++
	return nil
}

func (c *crowd) leave(source netip.Addr) {
	c.all--
	if c.sources[source]--; c.sources[source] == 0 {
		delete(c.sources, source)
	}
}

// sourceOf is whom a connection is counted for: an address, and with IPv6 the /64 that one machine may have all of.
func sourceOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr
}

// turnAway answers a connection that is one too many with the reason. fasthttp would do so in plain text, and from the
// loop that accepts. Over TLS nothing is said: the handshake is work for those who are let in.
func (l *listener) turnAway(c net.Conn, why error) {
	select {
	case l.away <- struct{}{}:
	default:
		_ = c.Close() // nobody is owed an answer in a flood
		return
	}
	go func() { // ends by the deadlines
		defer func() { <-l.away }()
		w := &conn{Conn: c, of: l, linger: true}
		if !l.secure {
			_ = c.SetReadDeadline(time.Now().Add(awayHears))
			_, _ = c.Read(make([]byte, 1)) // an answer before the request would confuse clients
			_ = c.SetWriteDeadline(time.Now().Add(awayTells))
			_, _ = c.Write(refusal(why)) // whoever has gone misses nothing
		}
		_ = w.Close()
	}()
}

// refusal is a whole answer with a problem.
func refusal(why error) []byte {
	p := problemOf(why)
	body, err := json.Marshal(p)
	if err != nil { // a problem has strings and a number
		panic(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %s\r\nRetry-After: %d\r\nConnection: close\r\n\r\n",
		p.Status, fasthttp.StatusMessage(p.Status), problemType, strconv.Itoa(len(body)+1), retryAfter)
	b.Write(body)
	b.WriteByte('\n')
	return b.Bytes()
}
