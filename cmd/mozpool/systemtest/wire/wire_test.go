package wire

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// Every way is as it was set, and only that way.
func TestWays(t *testing.T) {
	if !Inside(t) {
		return
	}
	w, err := New(2)
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	sockets := make([]*net.UDPConn, 3)
	for i := range sockets {
		must(t, w.At(i, func() (err error) {
			sockets[i], err = net.ListenUDP("udp4", &net.UDPAddr{IP: Address(i).AsSlice(), Port: 4000})
			return err
		}))
		defer func() { must(t, sockets[i].Close()) }()
	}
	for from := range sockets {
		for to := range sockets {
			if from != to && !arrives(t, sockets[from], sockets[to], 30*time.Second) {
				t.Fatalf("nothing comes from %d to %d", from, to)
			}
		}
	}
	const cut = 300 * time.Millisecond
	w.OneWay(1, 2, Fault{Cut: true})
	if arrives(t, sockets[1], sockets[2], cut) {
		t.Error("something came a way that is cut")
	}
	if !arrives(t, sockets[2], sockets[1], 30*time.Second) || !arrives(t, sockets[1], sockets[0], 30*time.Second) {
		t.Error("the ways beside the one that is cut are cut as well")
	}
	w.Servers(1, Fault{Loss: 1})
	if arrives(t, sockets[2], sockets[1], cut) || !arrives(t, sockets[0], sockets[1], 30*time.Second) {
		t.Error("a server that is alone is reached by another, or not by who is outside")
	}
	w.Heal()
	w.OneWay(1, 2, Fault{Delay: cut})
	sent := time.Now()
	if !arrives(t, sockets[1], sockets[2], 30*time.Second) || time.Since(sent) < cut {
		t.Errorf("what is delayed by %v came after %v", cut, time.Since(sent))
	}
	if w.Bytes(1, 2) == 0 {
		t.Error("what was sent is not counted")
	}
}

// Announcements are told from questions, and from what is no ARP.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	const own, other = "\x0a\x5b\x00\x0a", "\x0a\x5b\x00\x0b"
	arp := func(to, kind, sender, target string) string {
		return to + "\x02\x00\x00\x00\x00\x01" + kind + "\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01" + sender + "\x00\x00\x00\x00\x00\x00" + target
	}
	const all, one, isARP, isIP = "\xff\xff\xff\xff\xff\xff", "\x02\x00\x00\x00\x00\x02", "\x08\x06", "\x08\x00"
	for name, test := range map[string]struct {
		frame string
		want  bool
	}{
		"an announcement":  {arp(all, isARP, own, own), true},
		"a question":       {arp(all, isARP, own, other), false},
		"an answer to one": {arp(one, isARP, own, own), false},
		"no ARP":           {arp(all, isIP, own, own), false},
		"a piece":          {arp(all, isARP, own, own)[:40], false},
	} {
		a, got := announced([]byte(test.frame))
		if got != test.want || got && a.String() != "10.91.0.10" {
			t.Errorf("%s: %t of %s, want %t", name, got, a, test.want)
		}
	}
}

// arrives sends until something of it comes, for so long at most.
func arrives(t *testing.T, from, to *net.UDPConn, limit time.Duration) bool {
	t.Helper()
	message := make([]byte, 32)
	text := time.Now().String()[:32] // what is under way from before does not count
	for end := time.Now().Add(limit); time.Now().Before(end); {
		_, err := from.WriteTo([]byte(text), to.LocalAddr())
		must(t, err)
		must(t, to.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		for {
			n, err := to.Read(message)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			must(t, err)
			if string(message[:n]) == text {
				return true
			}
		}
	}
	return false
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
