package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mozpool/actors/inventory"
	"mozpool/cmd/mozpool/config"
)

const (
	inside = "MOZPOOL_DOCTOR_INSIDE" // set in the server's namespace
	beyond = "MOZPOOL_DOCTOR_BEYOND" // set in the namespace of the rack's other end
)

func TestMain(m *testing.M) {
	if os.Getenv(beyond) != "" {
		if err := otherEnd(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// again is this test binary in namespaces of its own, which end with it.
func again(flags uintptr, env string, args ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", args...)
	c.Env = append(os.Environ(), env+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
	return c
}

// otherEnd is the rack beyond the cable: it answers pings, and has two DHCP servers and a relay board. It takes its end of the cable once
// that is there, says so, and ends with its input.
func otherEnd() error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return err
	}
	if err := ip("link set rack0 up", "addr add 10.91.0.2/24 dev rack0"); err != nil {
		return err
	}
	c, err := listenServer("rack0")
	if err != nil {
		return err
	}
	go answer(c)
	relay, err := net.Listen("tcp", occupied)
	if err != nil {
		return err
	}
	go hangUp(relay)
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func listenServer(nic string) (net.PacketConn, error) {
	l := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (failed error) {
		err := raw.Control(func(fd uintptr) {
			if failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1); failed == nil {
				failed = unix.BindToDevice(int(fd), nic)
			}
		})
		if err != nil {
			return err
		}
		return failed
	}}
	return l.ListenPacket(context.Background(), "udp4", ":67")
}

// answer speaks for two servers.
func answer(c net.PacketConn) {
	buf := make([]byte, 1500)
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: 68}
	for {
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		for _, server := range []string{"10.91.0.2", "10.91.0.77"} {
			_, _ = c.WriteTo(offerPacket(buf[:n], netip.MustParseAddr(server), netip.MustParseAddr("10.91.0.1")), to) // lost ones are missed by the test
		}
	}
}

// hangUp is a relay board whose only connection another has.
func hangUp(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close() // nothing was said
	}
}

func ip(lines ...string) error {
	for _, line := range lines {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, out)
		}
	}
	return nil
}

// TestPlantedInNetwork plants faults that take a network, or a disk, of one's own.
func TestPlantedInNetwork(t *testing.T) {
	if os.Getenv(inside) != "" {
		examineNetwork(t)
		return
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("planting faults in a network takes root, for a namespace of its own")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("planting faults in a network takes ip: install iproute2")
	}
	runtime.LockOSThread() // Pdeathsig is the death of this thread
	defer runtime.UnlockOSThread()
	if err := again(syscall.CLONE_NEWNET|syscall.CLONE_NEWNS, inside, "-test.run=^$").Run(); err != nil {
		t.Skipf("planting faults in a network takes a namespace, which this machine refuses: %v", err)
	}
	c := again(syscall.CLONE_NEWNET|syscall.CLONE_NEWNS, inside, "-test.run=^TestPlantedInNetwork$", "-test.v", "-test.timeout=2m")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// planted is one fault, and how it has to be found.
type planted struct {
	check, subject string
	level          Level
	says           string
}

const (
	occupied  = "10.91.0.2:2101" // a relay board, beyond the cable
	unplugged = "10.91.0.3:2101" // one that nobody has
)

// examineNetwork plants thirteen faults around one server and finds each: it lays a cable of 1400 bytes to the other end,
// mounts a disk of 1 MiB, and looks, before the server runs and then while it does.
func examineNetwork(t *testing.T) {
	dir := t.TempDir()
	private(t, dir)
	cable(t)
	s := site(t)
	rack := config.DefaultRack()
	rack.Listen.Addr, rack.Ports = netip.MustParseAddr("10.91.0.1"), config.Ports{TFTP: 69}
	gone := config.DefaultRack()
	gone.Listen.Addr = netip.MustParseAddr("10.92.0.1")
	s.Config.Racks, s.Config.Data = map[string]config.Rack{"r1": rack, "r2": gone}, filepath.Join(dir, "not", "there", "yet")
	for n, relay := range []string{occupied, unplugged, "relay.invalid:2101"} {
		s.Boards = append(s.Boards[:n], inventory.Spec{Name: fmt.Sprintf("board%d", n+1), Rack: "r1", Hardware: "qemu-amd64", Power: relay + ":bank1:relay1"})
	}
	remove(t, &s, "boot/ldlinux.c32")
	swallow(t, "10.91.0.1:69")
	s.Server, s.Now = nil, func() time.Time { return time.Unix(60, 0) }
	before := Examine(t.Context(), s)
	s.Server, s.Now = fake{silent: "board2"}, nil
	running := Examine(t.Context(), s)
	for _, c := range []struct {
		r Report
		planted
	}{
		{before, planted{"clock", "", Red, "1970"}},
		{before, planted{"disk", dir, Red, "1 MiB are free"}},
		{before, planted{"ports", "r1", Red, "taken by another program"}},
		{before, planted{"ports", "r2", Red, "no such address"}},
		{before, planted{"mtu", "r1", Red, "but server0 sends 1500"}},
		{before, planted{"files", "qemu-amd64", Red, "boot/ldlinux.c32"}},
		{before, planted{"dns", "relay.invalid", Red, "is not found"}},
		{before, planted{"relay", occupied, Red, "does not answer"}},
		{before, planted{"relay", unplugged, Red, "does not answer"}},
		{before, planted{"dhcp", "r1", Red, "10.91.0.2, 10.91.0.77"}},
		{running, planted{"transfer", "r1", Red, "by TFTP"}},
		{running, planted{"silent", "r1", Amber, "1 of 3 loaders have not asked for 7 days: board2"}},
	} {
		if !c.in(c.r.Findings) {
			t.Errorf("%+v was not found among %+v", c.planted, c.r.Findings)
		}
	}
	smallBuffers(t, &s)
	if err := ip("link set server0 mtu 1400"); err != nil {
		t.Fatal(err)
	}
	if f := find(Report{Findings: packets(t.Context(), &s)}, "mtu"); f.Level != Amber || !strings.Contains(f.Text, "blocks of 1368") {
		t.Errorf("a small MTU on this side: %+v", f)
	}
}

// in says whether a fault was found, with its remedy.
func (p planted) in(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool {
		return f.Check == p.check && f.Subject == p.subject && f.Level == p.level && strings.Contains(f.Text, p.says) && f.Remedy != ""
	})
}

// swallow holds a port whose packets a firewall drops without a word.
func swallow(t *testing.T, at string) {
	t.Helper()
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K} // of every packet, 0 bytes
	l := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (failed error) {
		err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
		})
		return errors.Join(failed, err)
	}}
	c, err := l.ListenPacket(t.Context(), "udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
}

// smallBuffers takes the privilege to have larger receive buffers than this machine allows, which is what most have.
func smallBuffers(t *testing.T, s *Site) {
	t.Helper()
	allowed, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if n, aerr := strconv.Atoi(strings.TrimSpace(string(allowed))); err != nil || aerr != nil || n >= 16<<20 {
		t.Logf("net.core.rmem_max is %q (%v): no buffer is too small", allowed, err)
		return
	}
	found := make(chan []Finding)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var caps [2]unix.CapUserData
		err := unix.Capget(&head, &caps[0])
		caps[0].Effective &^= 1 << unix.CAP_NET_ADMIN
		if err = errors.Join(err, unix.Capset(&head, &caps[0])); err != nil {
			t.Errorf("drop a privilege: %v", err)
		}
		found <- buffers(t.Context(), s)
	}()
	if p := (planted{"buffers", "", Amber, "when a whole rack talks at once"}); !p.in(<-found) {
		t.Error("small buffers were not found")
	}
}

// private mounts a small disk that nobody outside sees.
func private(t *testing.T, dir string) {
	t.Helper()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Skipf("mounts cannot be made private here: %v", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// cable joins this namespace with that of the other end.
func cable(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	c := again(syscall.CLONE_NEWNET, beyond)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	if err := ip("link set lo up", "link add server0 type veth peer name rack0 mtu 1400", "addr add 10.91.0.1/24 dev server0", "link set server0 mtu 1500 up",
		fmt.Sprintf("link set rack0 netns %d", c.Process.Pid)); err != nil {
		t.Skip(err)
	}
	if _, err := in.Write([]byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatalf("the other end did not come up: %v", err)
	}
}
