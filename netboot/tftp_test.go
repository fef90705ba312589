package netboot

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"mozpool/actors/board"
	"mozpool/netboot/images"
)

func (r *rig) read(t *testing.T, name string) (string, error) {
	t.Helper()
	c, err := tftp.NewClient(r.Addrs().TFTP.String())
	if err != nil {
		t.Fatal(err)
	}
	wt, err := c.Receive(name, "octet")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = wt.WriteTo(&b)
	return b.String(), err
}

func TestLoaderGetsWhatItsBootNeeds(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, c := range []struct{ name, want string }{
		{"pxelinux.cfg/01-52-54-00-01-00-01", "b/" + alive.String() + "/kernel"},
		{"any/prefix/pxelinux.cfg/01-52-54-00-01-00-01", alive.String() + "/second-stage.sh"},
		{"pxelinux.cfg/default", ""},
		{"b/" + alive.String() + "/kernel", "the kernel"},
		{"/tftpboot/b/" + alive.String() + "/initrd", "the initrd"},
		{"lpxelinux.0", "the loader"},
		{"some/where/lpxelinux.0", "the loader"},
	} {
		got, err := r.read(t, c.name)
		if err != nil || got == "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	r.heard(t, 5)
	got := r.fleet.kinds()
	slices.Sort(got)
	if want := []board.Kind{board.FellThrough, board.InitrdRead, board.KernelRead, board.LoaderAsked, board.LoaderAsked}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestLoaderIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, name := range []string{
		"pxelinux.cfg/01-52-54-00-01-00-99", "pxelinux.cfg/C0A80001", "pxelinux.cfg/01-52", "pxelinux.cfg/", "b/" + past.String() + "/kernel",
		"b/" + unknown.String() + "/kernel", "b/short/kernel", "b/" + alive.String() + "/fdt", "b/" + alive.String() + "/second-stage.sh",
		"../secret", "/../../secret", "boot/../../secret", "/etc/passwd", "..\\secret", ".", strings.Repeat("a/", 64) + "lpxelinux.0",
	} {
		if got, err := r.read(t, name); err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%s: %q, %v; want error 1", name, got, err)
		}
	}
	r.fleet.mu.Lock()
	got := slices.Clone(r.fleet.strange)
	r.fleet.mu.Unlock()
	if len(got) != 1 || got[0] != mac(t, "52:54:00:01:00:99") {
		t.Errorf("strangers %v", got)
	}
	if got := r.fleet.kinds(); len(got) != 0 {
		t.Errorf("told %v of names that mean nothing", got)
	}
}

func TestRetransmittedAskIsOne(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, port := range []uint16{2000, 2000, 2001} {
		x, err := r.Open("pxelinux.cfg/01-52-54-00-01-00-01", netip.AddrPortFrom(loopback, port))
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.fleet.kinds(); len(got) != 2 {
		t.Errorf("told %v: want one for each port", got)
	}
}

func TestNoEntryIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	v := *r.fleet.view
	v.Board.State = board.Restarting
	r.fleet.mu.Lock()
	r.fleet.view = &v
	r.fleet.mu.Unlock()
	if _, err := r.read(t, "pxelinux.cfg/01-52-54-00-01-00-01"); err == nil {
		t.Error("a board that is to boot from its card got an entry")
	}
	r.heard(t, 1)
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	_, err := Listen(Config{Rack: "r2", Listen: loopback, TFTP: r.Addrs().TFTP.Port()})
	if err == nil || !strings.Contains(err.Error(), "racks.r2.ports.tftp") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

// raw sends one datagram and gives the first answer.
func (r *rig) raw(t *testing.T, packet string) []byte {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.WriteToUDPAddrPort([]byte(packet), r.Addrs().TFTP); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestRawRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, c := range []struct{ packet, want string }{
		{"\x00\x01none\x00octet\x00", "\x00\x05\x00\x01no such file\x00"},
		{"\x00\x02lpxelinux.0\x00octet\x00", "\x00\x05\x00\x02"},
		{"\x00\x01lpxelinux.0\x00octet\x00", "\x00\x03\x00\x01the loader"},
		{"\x00\x01lpxelinux.0\x00octet\x00tsize\x000\x00", "\x00\x06tsize\x0010\x00"},
	} {
		if got := r.raw(t, c.packet); !strings.HasPrefix(string(got), c.want) {
			t.Errorf("%q: %q, want %q", c.packet, got, c.want)
		}
	}
}

// TestHalfAKernelProvesNothing: the loader takes the first block and is gone.
func TestHalfAKernelProvesNothing(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{kernel: strings.Repeat("k", 4096)})
	if got := r.raw(t, "\x00\x01b/"+alive.String()+"/kernel\x00octet\x00"); len(got) != 516 {
		t.Fatalf("got %q", got)
	}
	r.logs.wait(t, "broke off after 512 of 4096 bytes")
	if got := r.fleet.kinds(); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

func TestLimitOfOneSource(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{limits: newLimiter(1, 8)})
	packet := "\x00\x01lpxelinux.0\x00octet\x00"
	r.raw(t, packet) // not acknowledged: it goes on
	if got := r.raw(t, packet); !strings.Contains(string(got), "too many transfers") {
		t.Errorf("the second transfer: %q", got)
	}
}

// TestPrefixOfAConfiguration: a loader whose boot file is a configuration puts its folder before every name.
func TestPrefixOfAConfiguration(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	if got, err := r.read(t, "pxelinux.cfg/b/"+alive.String()+"/kernel"); err != nil || got != "the kernel" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := r.read(t, "pxelinux.cfg/default"); err != nil || got != images.DefaultEntry {
		t.Errorf("the default is %q, %v", got, err)
	}
}

// TestOtherRack: addresses and MACs count in their own rack only.
func TestOtherRack(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	v := *r.fleet.view
	v.Spec.Rack = "r2"
	r.fleet.mu.Lock()
	r.fleet.view = &v
	r.fleet.mu.Unlock()
	if _, err := r.read(t, "pxelinux.cfg/01-52-54-00-01-00-01"); err == nil {
		t.Error("a board of another rack got its entry here")
	}
	if res, _ := r.do(t, "GET", "/up?image=v1"); res.StatusCode != 404 {
		t.Errorf("/up of another rack's address: %d", res.StatusCode)
	}
}
