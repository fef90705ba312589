package hostile

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// from opens a way to syslog with the address of a board.
func (r *rack) from(address string) *net.UDPConn {
	r.t.Helper()
	c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(address)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.ports.syslog})
	must(r.t, err)
	r.t.Cleanup(func() { _ = c.Close() }) // nothing is buffered
	return c
}

// TestSyslogFlood: a board that floods and sends nonsense is limited, and others are imaged meanwhile.
func TestSyslogFlood(t *testing.T) {
	r := newRack(t, 2, "127.108.0.0")
	r.start()
	before := r.board(byHand)
	c := r.from("127.108.0.200")
	for _, line := range []string{"", "<", "<>", "<999>x", "<13", "<-1>x", "<13>1 - - - - - -", "<13>1 9999-99-99T99:99:99Z h a p m - x", "\x00\xff\xfe",
		"<13>Feb 30 99:99:99 x", "<13>" + strings.Repeat("x", 60000), "<13>a\nb\x1b[2Jc"} {
		_, _ = c.Write([]byte(line)) // the kernel may refuse the largest
	}
	r.image(r.names()...)
	for i := range 60000 {
		_, _ = fmt.Fprintf(c, "<13>flood %d", i) // the kernel may drop
	}
	r.allReady()
	if now := r.board(byHand); now != before {
		t.Errorf("the flood moved %+v to %+v", before, now)
	}
	log := r.get("/api/v1/boards/" + byHand + "/log?tail=100000")
	if n := strings.Count(log.body, "flood "); n == 0 || n >= 50000 {
		t.Errorf("%d lines of the flood are kept", n)
	}
	if strings.Contains(log.body, "\x1b") || strings.Contains(log.body, `\u001b`) {
		t.Error("a line reaches terminals with its escape codes")
	}
}
