package netboot

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pin/tftp/v3"

	"mozpool/actors/board"
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
