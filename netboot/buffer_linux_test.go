package netboot

import (
	"net"
	"testing"
	"time"
)

// TestLossIsSeen: what a full socket drops is told with a packet that is read afterwards, to the last one.
func TestLossIsSeen(t *testing.T) {
	t.Parallel()
	in, err := listenUDP(loopback, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }() // was only read
	if err := countLoss(in); err != nil {
		t.Skipf("this kernel does not count: %v", err)
	}
	if err := in.SetReadBuffer(1); err != nil { // the kernel's least
		t.Fatal(err)
	}
	out, err := net.DialUDP("udp", nil, in.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }() // was only written
	const sent = 500
	for range sent {
		if _, err := out.Write(make([]byte, 200)); err != nil {
			t.Fatal(err)
		}
	}
	buf, oob, got := make([]byte, 1000), make([]byte, 128), 0
	read := func(wait time.Duration) ([]byte, bool) {
		if err := in.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		_, n, _, _, err := in.ReadMsgUDPAddrPort(buf, oob)
		return oob[:n], err == nil
	}
	for ; ; got++ { // on loopback a packet is in the socket, or dropped, when Write returns
		if _, ok := read(100 * time.Millisecond); !ok {
			break
		}
	}
	if _, err := out.Write([]byte("after it")); err != nil {
		t.Fatal(err)
	}
	control, ok := read(30 * time.Second)
	if lost, counted := lossOf(control); !ok || !counted || int(lost) != sent-got || lost == 0 {
		t.Errorf("%d lost by the kernel's word (%t), %d of %d were read", lost, counted, got, sent)
	}
}

func TestNoLossInNonsense(t *testing.T) {
	t.Parallel()
	if n, ok := lossOf([]byte{1, 2, 3}); ok {
		t.Errorf("%d lost", n)
	}
}
