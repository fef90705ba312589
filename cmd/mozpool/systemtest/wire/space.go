package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	inside = "MOZPOOL_WIRE_INSIDE" // set in the test's own namespaces
	tapDev = "/dev/net/tun"
)

// Inside runs the test that calls it again, in user, network and mount namespaces of its own, and is true there. Outside it is
// false once that is over, with the test failed if that one was; skipped with a sentence where there are no namespaces.
func Inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	f, err := os.OpenFile(tapDev, os.O_RDWR, 0)
	if err != nil {
		t.Skipf("a network of code takes taps: %v", err)
	}
	_ = f.Close()          // only looked
	runtime.LockOSThread() // Pdeathsig is the death of this thread
	defer runtime.UnlockOSThread()
	if err := again("-test.run=^$").Run(); err != nil {
		t.Skipf("a network of code takes namespaces, which this machine refuses: %v", err)
	}
	c := again(os.Args[1:]...)
	c.Args = append(c.Args, "-test.run=^"+t.Name()+"$", "-test.v", "-test.testlogfile=", "-test.coverprofile=") // the last counts
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		t.Fatalf("in a network of its own: %v", err)
	}
	return false
}

// again is this test binary in namespaces of its own, which end with it.
func again(args ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", args...)
	c.Env = append(os.Environ(), inside+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	return c
}

// newEnd makes an end: Outside in this namespace, any other in one of its own.
func newEnd(i int) (*end, error) {
	type answer struct {
		*end
		error
	}
	answers := make(chan answer, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this function, since its namespace is another
		if i != Outside {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				answers <- answer{nil, err}
				return
			}
		}
		e, err := plug(i)
		answers <- answer{e, err}
	}()
	a := <-answers
	return a.end, a.error
}

// plug makes the tap in the namespace of this thread.
func plug(i int) (_ *end, err error) {
	e := &end{}
	if e.space, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.space.Close())
		}
	}()
	if e.tap, err = openTap(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.tap.Close())
		}
	}()
	return e, address(i)
}

// openTap makes an interface in the namespace of this thread.
func openTap() (*os.File, error) {
	fd, err := unix.Open(tapDev, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", tapDev, err)
	}
	request, err := unix.NewIfreq(Interface)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a tap: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), tapDev), nil // not before: a tap without an interface is broken, and the poller remembers
}

// address brings the interfaces of this thread's namespace up. All ends are neighbours; Outside has the boards as well.
func address(i int) error {
	tap, err := netlink.LinkByName(Interface)
	if err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	own := &netlink.Addr{IPNet: &net.IPNet{IP: Address(i).AsSlice(), Mask: net.CIDRMask(16, 32)}}
	err = errors.Join(netlink.LinkSetUp(lo), netlink.LinkSetHardwareAddr(tap, hardware(i)), netlink.AddrAdd(tap, own), netlink.LinkSetUp(tap))
	if err != nil || i != Outside {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: lo.Attrs().Index, Dst: &net.IPNet{IP: Boards.AsSlice(), Mask: net.CIDRMask(17, 32)},
		Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST})
}

// At calls do in the namespace of a server; sockets and processes that it makes belong there for ever.
func (w *Net) At(server int, do func() error) error {
	runtime.LockOSThread()
	here := w.ends[Outside].space
	if err := unix.Setns(int(w.ends[server].space.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter the network of server %d: %w", server, err)
	}
	err := do()
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // this thread may run nothing else; it was there before
	}
	runtime.UnlockOSThread() // the thread lives on: children die with theirs
	return err
}
