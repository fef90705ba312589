package netboot

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

// newTestInbox gives an inbox on a socket with a buffer of so many bytes, and a way to send it a line.
func newTestInbox(t *testing.T, buffer, space int) (*inbox, *unwatched, func(line string)) {
	t.Helper()
	in, err := listenUDP(loopback, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.SetReadBuffer(buffer); err != nil {
		t.Fatal(err)
	}
	lossless := countLoss(in)
	to := in.LocalAddr().(*net.UDPAddr)
	u, err := unwatch(in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() }) // was only read
	out, err := net.DialUDP("udp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() }) // was only written
	if lossless != nil && space < 0 {
		t.Skipf("this kernel does not count: %v", lossless)
	}
	return newInbox(u, space), u, func(line string) {
		if _, err := out.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestInbox: lines come in order, byte for byte, with their sender; more than a batch takes several, and whether it lets
// them gather or not.
func TestInbox(t *testing.T) {
	t.Parallel()
	for _, space := range []int{0, gatherSpace} {
		in, _, say := newTestInbox(t, 1<<20, space)
		const all = inboxLines + inboxLines/2
		for i := range all / 2 {
			say(fmt.Sprintf("line %d", i))
		}
		got, calls := 0, 0
		take := func(line []byte, from netip.Addr) {
			if want := fmt.Sprintf("line %d", got); string(line) != want || from != loopback {
				t.Fatalf("%q of %s, want %q of %s", line, from, want, loopback)
			}
			got++
		}
		for ; got < all/2; calls++ {
			if lost, err := in.next(take); err != nil || lost != 0 {
				t.Fatalf("%d lost, %v", lost, err)
			}
		}
		if calls > 1 {
			t.Errorf("%d lines that were there took %d calls", got, calls)
		}
		for i := all / 2; i < all; i++ {
			say(fmt.Sprintf("line %d", i))
		}
		for got < all {
			if _, err := in.next(take); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestInboxLoss: what the kernel dropped is told, once, to the last line.
func TestInboxLoss(t *testing.T) {
	t.Parallel()
	in, _, say := newTestInbox(t, 1, -1)
	got, lost, sent := 0, 0, 0
	for range 2 { // what was told before is not told again
		for range 500 {
			say("a line")
			sent++
		}
		for last := false; !last; {
			// On loopback a line is in the socket, or dropped, when Write returns: there is room for one more after a read.
			n, err := in.next(func(line []byte, _ netip.Addr) {
				got++
				last = last || string(line) == "last"
			})
			if err != nil {
				t.Fatal(err)
			}
			lost += int(n)
			if !last && !in.behind {
				say("last")
				sent++
			}
		}
	}
	if lost == 0 || got+lost != sent {
		t.Errorf("%d read, %d lost, of %d", got, lost, sent)
	}
}

// TestInboxStops: who waits for lines is woken, though none comes.
func TestInboxStops(t *testing.T) {
	t.Parallel()
	in, u, say := newTestInbox(t, 1<<20, 0)
	say("a line")
	ended, waits := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := in.next(func([]byte, netip.Addr) { close(waits) })
		if err == nil {
			_, err = in.next(func([]byte, netip.Addr) { t.Error("a line that nobody sent") })
		}
		ended <- err
	}()
	<-waits
	u.Stop()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits still")
	}
}
