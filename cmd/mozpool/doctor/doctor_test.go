package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
	"mozpool/netboot/tftp"
)

// site is a rack on loopback without faults: a folder of files, one board, a server that answers.
func site(t *testing.T) Site {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"boot/lpxelinux.0": "loader", "boot/ldlinux.c32": strings.Repeat("second part ", 500),
		"live/amd64/vmlinuz": "kernel", "live/amd64/initrd": "initrd"} {
		write(t, filepath.Join(dir, name), text)
	}
	rack := config.DefaultRack()
	rack.Listen.Addr, rack.Ports = netip.MustParseAddr("127.0.0.1"), config.Ports{}
	return Site{Config: config.Config{Data: dir, Files: dir, Racks: map[string]config.Rack{"r1": rack}}, Server: fake{},
		Boards:   []inventory.Spec{{Name: "board1", Rack: "r1", Hardware: "qemu-amd64", Power: "127.0.0.1:2101:bank1:relay1"}},
		Hardware: []Hardware{{Name: "qemu-amd64", Live: "live/amd64"}, {Name: "unused", Live: "live/none"}}}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// fake is a server whose relay boards answer, and whose loaders asked, unless told otherwise.
type fake struct {
	relay, log error
	silent     string // board
}

func (f fake) Relays(context.Context) ([]v1.Relay, error) {
	return []v1.Relay{{Name: "10.91.0.2:2101"}}, nil
}

func (f fake) TestRelay(_ context.Context, name string) (v1.Relay, error) {
	return v1.Relay{Name: name}, f.relay
}

func (f fake) Log(_ context.Context, board string, _ client.LogQuery) ([]v1.Line, error) {
	if f.log != nil || board == f.silent {
		return nil, f.log
	}
	return make([]v1.Line, 1), nil
}

// serveTFTP serves dir as a rack does, and puts its port into the site.
func serveTFTP(t *testing.T, s *Site, dir string) {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	served := tftp.New(tftp.Config{Open: func(name string, _ netip.AddrPort) (*tftp.File, error) {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		return &tftp.File{Content: f, Size: info.Size()}, err
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- served.Serve(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	r := s.Config.Racks["r1"]
	r.Ports.TFTP = uint16(c.LocalAddr().(*net.UDPAddr).Port)
	s.Config.Racks["r1"] = r
}

func serveHTTP(t *testing.T, s *Site, dir string) {
	t.Helper()
	h := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(h.Close)
	r := s.Config.Racks["r1"]
	r.Ports.HTTP = netip.MustParseAddrPort(h.Listener.Addr().String()).Port()
	s.Config.Racks["r1"] = r
}

// find gives the worst finding of a check.
func find(r Report, check string) (worst Finding) {
	order := []Level{"", Green, Amber, Red}
	for _, f := range r.Findings {
		if f.Check == check && slices.Index(order, f.Level) > slices.Index(order, worst.Level) {
			worst = f
		}
	}
	return worst
}

// TestPlanted plants one fault after another in a rack without any, and looks for it.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, check string
		level       Level
		says        string
		plant       func(*testing.T, *Site)
	}{
		{"nothing by TFTP", "transfer", Green, "hash right", func(t *testing.T, s *Site) { serveTFTP(t, s, s.Config.Files+"/boot") }},
		{"nothing by HTTP", "transfer", Green, "hash right", func(t *testing.T, s *Site) { serveHTTP(t, s, s.Config.Files) }},
		{"nothing of the files", "files", Green, "complete", func(*testing.T, *Site) {}},
		{"nothing of the relay boards", "relay", Green, "answers", func(*testing.T, *Site) {}},
		{"nothing of the loaders", "silent", Green, "within 7 days", func(*testing.T, *Site) {}},
		{"a clock that was never set", "clock", Red, "1970", func(_ *testing.T, s *Site) { s.Now = func() time.Time { return time.Unix(60, 0) } }},
		{"a data folder that is a file", "disk", Red, "cannot be written", func(_ *testing.T, s *Site) { s.Config.Data += "/boot/lpxelinux.0" }},
		{"another program at the port", "ports", Red, "another program", func(t *testing.T, s *Site) { serveTFTP(t, s, s.Config.Files); s.Server = nil }},
		{"a server that listens elsewhere", "ports", Red, "nobody listens", func(t *testing.T, s *Site) { closedPort(t, s) }},
		{"an address of no interface", "ports", Red, "no such address", func(_ *testing.T, s *Site) { elsewhere(s) }},
		{"another TFTP server", "transfer", Red, "other bytes", func(t *testing.T, s *Site) {
			other := t.TempDir()
			write(t, filepath.Join(other, "ldlinux.c32"), "of another version")
			serveTFTP(t, s, other)
		}},
		{"a file that HTTP lacks", "transfer", Red, "404", func(t *testing.T, s *Site) { serveHTTP(t, s, t.TempDir()) }},
		{"half of PXELINUX", "files", Red, "boot/ldlinux.c32", func(t *testing.T, s *Site) { remove(t, s, "boot/ldlinux.c32") }},
		{"nothing of an iPXE board", "files", Green, "complete", func(t *testing.T, s *Site) {
			s.Hardware[0].Loader = images.IPXE
			remove(t, s, "boot/lpxelinux.0")
			remove(t, s, "boot/ldlinux.c32")
			write(t, s.Config.Files+"/boot/boot.ipxe", images.ChainScript)
		}},
		{"a chain that is no script", "files", Red, "does not begin with #!ipxe", func(t *testing.T, s *Site) { write(t, s.Config.Files+"/boot/boot.ipxe", "chain x\n") }},
		{"a chain that leads nowhere", "files", Amber, "never asks", func(t *testing.T, s *Site) { write(t, s.Config.Files+"/boot/boot.ipxe", "#!ipxe\nexit\n") }},
		{"an empty initrd", "files", Red, "live/amd64/initrd", func(t *testing.T, s *Site) { write(t, s.Config.Files+"/live/amd64/initrd", "") }},
		{"a relay board that is dead", "relay", Red, "no sign of life", func(_ *testing.T, s *Site) { s.Server = fake{relay: errors.New("no sign of life")} }},
		{"a relay board that hangs up", "relay", Red, "does not answer", func(t *testing.T, s *Site) { hangsUp(t, s) }},
		{"a relay board of unknown name", "dns", Red, "relay.invalid", func(_ *testing.T, s *Site) { s.Boards[0].Power = "relay.invalid:2101:bank1:relay1" }},
		{"a loader that never asks", "silent", Amber, "1 of 1 loaders have not asked for 7 days: board1", func(_ *testing.T, s *Site) { s.Server = fake{silent: "board1"} }},
		{"a log that is kept from us", "silent", Amber, "token", func(_ *testing.T, s *Site) { s.Server = fake{log: errors.New("token")} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := site(t)
			c.plant(t, &s)
			r := Examine(t.Context(), s)
			f := find(r, c.check)
			if f.Level != c.level || !strings.Contains(f.Text, c.says) {
				t.Fatalf("found %+v; want %s with %q", f, c.level, c.says)
			}
			if (f.Level == Green) != (f.Remedy == "") {
				t.Errorf("level %s with remedy %q", f.Level, f.Remedy)
			}
			if c.level == Red && r.Level != Red {
				t.Errorf("the report is %s", r.Level)
			}
		})
	}
}

func elsewhere(s *Site) {
	r := s.Config.Racks["r1"]
	r.Listen.Addr, r.Ports.HTTP = netip.MustParseAddr("192.0.2.1"), 8000 // of documentation: on no machine
	s.Config.Racks["r1"], s.Server = r, nil
}

func closedPort(t *testing.T, s *Site) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := s.Config.Racks["r1"]
	r.Ports.HTTP = uint16(l.Addr().(*net.TCPAddr).Port)
	s.Config.Racks["r1"] = r
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, s *Site, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.Config.Files, name)); err != nil {
		t.Fatal(err)
	}
}

func hangsUp(t *testing.T, s *Site) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	s.Server = nil
	s.Boards[0].Power = fmt.Sprintf("%s:bank1:relay1", l.Addr())
}

func TestJudged(t *testing.T) {
	t.Parallel()
	at, me := netip.MustParseAddrPort("10.91.0.1:69"), netip.MustParseAddr("10.91.0.1")
	a, b := offer{server: netip.MustParseAddr("10.91.0.3"), next: me}, offer{server: netip.MustParseAddr("10.91.0.77")}
	astray := offer{server: a.server, next: netip.MustParseAddr("10.91.0.9")}
	for _, c := range []struct {
		what string
		got  Finding
		want Level
	}{
		{"room", judgeSpace("d", 90<<30, 100<<30), Green},
		{"little room", judgeSpace("d", 9<<30, 100<<30), Amber},
		{"no room", judgeSpace("d", 255<<20, 1<<30), Red},
		{"fast", judgeSync("d", slowSync), Green},
		{"slow", judgeSync("d", deadSync), Amber},
		{"too slow", judgeSync("d", deadSync+1), Red},
		{"buffers", judgeBuffers(1<<20, 1<<20, nil), Green},
		{"small buffers", judgeBuffers(1<<20, 1<<19, nil), Amber},
		{"no buffers", judgeBuffers(1<<20, 0, syscall.EMFILE), Amber},
		{"a privilege", judgePort("r1", "TFTP", at, syscall.EACCES, false), Amber},
		{"a privilege of the server's", judgePort("r1", "TFTP", at, syscall.EACCES, true), Green},
		{"held by the server", judgePort("r1", "TFTP", at, syscall.EADDRINUSE, true), Green},
		{"not started", judgePort("r1", "TFTP", at, nil, false), Amber},
		{"one DHCP server", judgeOffers("r1", me, []offer{a}), Green},
		{"one that names itself", judgeOffers("r1", me, []offer{b}), Green},
		{"none", judgeOffers("r1", me, nil), Amber},
		{"two", judgeOffers("r1", me, []offer{a, b}), Red},
		{"another next server", judgeOffers("r1", me, []offer{astray}), Red},
		{"not permitted", notAsked("r1", syscall.EPERM), Amber},
	} {
		if c.got.Level != c.want {
			t.Errorf("%s: %+v; want %s", c.what, c.got, c.want)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Examine(ctx, site(t)); len(r.Findings) != 1 || r.Level != Amber {
		t.Errorf("%+v", r)
	}
}
