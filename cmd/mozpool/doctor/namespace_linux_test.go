package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

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

// otherEnd is the rack beyond the cable: it answers pings, and has two DHCP servers. It takes its end of the cable once
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

// examineNetwork lays a cable of 1400 bytes to the other end, mounts a disk of 1 MiB, and looks.
func examineNetwork(t *testing.T) {
	dir := t.TempDir()
	private(t, dir)
	cable(t)
	s := site(t)
	rack := config.DefaultRack()
	rack.Listen.Addr = netip.MustParseAddr("10.91.0.1")
	s.Config.Racks, s.Config.Data = map[string]config.Rack{"r1": rack}, filepath.Join(dir, "not", "there", "yet")
	s.Boards[0].Power = "10.91.0.2:2101:bank1:relay1"
	r := Examine(t.Context(), s)
	for check, says := range map[string]string{"mtu": "but server0 sends 1500", "dhcp": "10.91.0.2, 10.91.0.77", "disk": "1 MiB are free"} {
		if f := find(r, check); f.Level != Red || !strings.Contains(f.Text, says) {
			t.Errorf("%s: %+v; want red with %q", check, f, says)
		}
	}
	if err := ip("link set server0 mtu 1400"); err != nil {
		t.Fatal(err)
	}
	if f := find(Report{Findings: packets(t.Context(), &s)}, "mtu"); f.Level != Amber || !strings.Contains(f.Text, "blocks of 1368") {
		t.Errorf("a small MTU on this side: %+v", f)
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
