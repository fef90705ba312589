package tftp

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
)

// TestAnswersFromWhereItWasAsked: a server on all addresses of a host answers from the one that the client asked; a loader
// takes nothing from another.
func TestAnswersFromWhereItWasAsked(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the kernel chooses the address here")
	}
	for _, c := range []struct{ bound, asked string }{
		{"0.0.0.0", "127.0.0.1"}, {"0.0.0.0", "127.0.0.7"}, {"::", "127.0.0.7"}, {"::", "::1"}, {"::1", "::1"}, {"127.0.0.7", "127.0.0.7"},
	} {
		t.Run(c.bound+" "+c.asked, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil, netip.MustParseAddr(c.bound))
			want := noise(100_000)
			r.put(t, "kernel", want)
			at := netip.AddrPortFrom(netip.MustParseAddr(c.asked), r.addr.Port())
			for _, window := range []int{1, 16} {
				x := client{server: at, block: 1408, window: window}
				r.check(t, x, "kernel", want)
			}
			x := client{server: at}
			if err := x.fetch("none", nil); err == nil {
				t.Error("a file that is not there was sent")
			}
		})
	}
}

// TestLargestBlock: what the client asks for is cut to what the path carries whole, unless told otherwise.
func TestLargestBlock(t *testing.T) {
	t.Parallel()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skipf("no interface lo: %v", err)
	}
	peer := netip.AddrPortFrom(loopback, 9)
	mtu := min(lo.MTU, 65535) // no packet of IP is larger
	if got := pathMTU(loopback, peer); got != mtu {
		t.Errorf("the path's MTU is %d, loopback's %d", got, lo.MTU)
	}
	if got, want := New(Config{}).largest(0, loopback, peer), mtu-32; got != want {
		t.Errorf("blocks of %d, want %d", got, want)
	}
	if got := New(Config{MaxBlock: 1024}).largest(0, loopback, peer); got != 1024 {
		t.Errorf("blocks of %d, 1024 were configured", got)
	}
	if got := New(Config{MaxBlock: 1024}).largest(2048, loopback, peer); got != 2048 {
		t.Errorf("blocks of %d, the file has 2048", got)
	}
	six := netip.MustParseAddr("::1")
	if got := New(Config{}).largest(0, six, netip.AddrPortFrom(six, 9)); got < mtu-52 && got != plainBlock {
		t.Errorf("blocks of %d by IPv6", got)
	}
}
