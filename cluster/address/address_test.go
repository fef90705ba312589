//go:build linux

package address

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

var (
	example  = Address{netip.MustParsePrefix("10.91.0.10/24"), "rack0"}
	example6 = Address{netip.MustParsePrefix("fd00:91::10/64"), "rack0"}
)

// The frame is one that any machine on the wire understands.
func TestFrame(t *testing.T) {
	t.Parallel()
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	want := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" +
		"\x02\x00\x00\x00\x00\x01\x0a\x5b\x00\x0a\x00\x00\x00\x00\x00\x00\x0a\x5b\x00\x0a")
	if got, protocol := announcement(mac, example.Prefix.Addr()); !bytes.Equal(got, want) || protocol != etherARP {
		t.Errorf("% x", got)
	}
	want = []byte("\x33\x33\x00\x00\x00\x01\x02\x00\x00\x00\x00\x01\x86\xdd" +
		"\x60\x00\x00\x00\x00\x20\x3a\xff" + "\xfd\x00\x00\x91\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10" +
		"\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x88\x00\x00\x00\x20\x00\x00\x00" + "\xfd\x00\x00\x91\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10" +
		"\x02\x01\x02\x00\x00\x00\x00\x01")
	got, protocol := announcement(mac, example6.Prefix.Addr())
	check := append([]byte{0, 32, 0, 58}, got[22:]...) // what the checksum is over: addresses, length, protocol, message
	if sum(check) != 0xffff {
		t.Errorf("the checksum of % x is wrong", got)
	}
	got[56], got[57] = 0, 0
	if !bytes.Equal(got, want) || protocol != etherIPv6 {
		t.Errorf("% x", got)
	}
}

// inNamespace runs do with an Ethernet interface rack0 of its own, on a thread that is thrown away after.
func inNamespace(t *testing.T, do func()) {
	t.Helper()
	done := make(chan string, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		defer close(done)
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			done <- "needs the right to make a network namespace: " + err.Error()
			return
		}
		link := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "rack0"}, Mode: netlink.TUNTAP_MODE_TAP}
		if err := netlink.LinkAdd(link); err != nil {
			done <- "needs tap interfaces: " + err.Error()
			return
		}
		if err := netlink.LinkSetUp(link); err != nil {
			t.Error(err)
			return
		}
		do()
	}()
	if why := <-done; why != "" {
		t.Skip(why)
	}
}

// addresses are those of the interface, but for the one that each has of itself.
func addresses(t *testing.T, family int) (text string) {
	t.Helper()
	link, err := netlink.LinkByName("rack0")
	if err != nil {
		t.Error(err)
		return ""
	}
	all, err := netlink.AddrList(link, family)
	if err != nil {
		t.Error(err)
	}
	for _, a := range all {
		if !a.IP.IsLinkLocalUnicast() {
			text += a.IPNet.String() + " "
		}
	}
	return text
}

// An address is there once it is lent, goes when it is removed, and goes by itself when it is not renewed.
func TestLent(t *testing.T) {
	t.Parallel()
	for family, a := range map[int]Address{netlink.FAMILY_V4: example, netlink.FAMILY_V6: example6} {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil && family == netlink.FAMILY_V6 {
				t.Skip("needs a kernel with IPv6")
			}
			inNamespace(t, func() { lent(t, family, a) })
		})
	}
}

func lent(t *testing.T, family int, a Address) {
	for range 2 { // the second time renews
		if err := lend(a, true); err != nil {
			t.Error(err)
		}
	}
	if got := addresses(t, family); got != a.Prefix.String()+" " {
		t.Errorf("lent: %q", got)
	}
	for range 2 {
		if err := remove(a); err != nil {
			t.Error(err)
		}
	}
	if got := addresses(t, family); got != "" {
		t.Errorf("removed: %q", got)
	}
	if err := add(a, time.Second); err != nil {
		t.Error(err)
	}
	for end := time.Now().Add(time.Minute); addresses(t, family) != ""; {
		if time.Now().After(end) {
			t.Error("it is there for ever")
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	if err := check(a); err != nil {
		t.Error(err)
	}
}

// What cannot be done is said once, and harms nothing.
func TestKeeperWithoutInterface(t *testing.T) {
	t.Parallel()
	nowhere := Address{example.Prefix, "no-such-nic0"}
	var log bytes.Buffer
	k := NewKeeper(map[string]Address{"r1": nowhere}, slog.New(slog.NewTextHandler(&log, nil)))
	if err := k.Check("r1"); err == nil || !strings.Contains(err.Error(), "service address 10.91.0.10/24@no-such-nic0: find interface") {
		t.Errorf("check: %v", err)
	}
	asked := make(chan struct{}, 100)
	for range 2 {
		k.Begin("r1", func() bool { asked <- struct{}{}; return true })
	}
	k.Begin("r2", func() bool { t.Error("a rack without an address"); return false })
	<-asked
	<-asked
	k.End("r1")
	k.End("r1")
	k.End("r2")
	if n := strings.Count(log.String(), "service address"); n < 1 || n > 3 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	if err := NewKeeper(nil, slog.New(slog.DiscardHandler)).Check("r1"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// Without the right to change addresses a server is told so before it has to; with it nothing is changed.
func TestCheck(t *testing.T) {
	t.Parallel()
	inNamespace(t, func() {
		if err := errors.Join(add(example, time.Minute), check(example)); err != nil {
			t.Error(err)
		}
		if got := addresses(t, netlink.FAMILY_V4); got != "10.91.0.10/24 " {
			t.Errorf("the check left %q", got)
		}
	})
}

func TestCheckWithoutTheRight(t *testing.T) {
	t.Parallel()
	if syscall.Geteuid() == 0 {
		t.Skip("needs a user without rights; this is root")
	}
	if err := check(Address{example.Prefix, "lo"}); err == nil || !strings.Contains(err.Error(), "CAP_NET_ADMIN") {
		t.Errorf("%v", err)
	}
}
