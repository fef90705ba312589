package systemtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

const (
	enable = "MOZPOOL_E2E"        // 1: run on real virtual boards
	debs   = "MOZPOOL_DEBS"       // the folder that fetch-debs filled
	keep   = "MOZPOOL_E2E_KEEP"   // 1: leave the files of the run behind
	inside = "MOZPOOL_E2E_INSIDE" // set in the namespace: the folder of this run
)

// Enter runs the test binary again in a new network namespace, where it returns
// false at once: there all that a test starts, and the test itself, sees nothing
// but the rack's network. Outside it returns true with the exit code of that run;
// false too where a run is not asked for or not possible. The namespace has no
// name, so it is gone with the last process in it, however the run ended.
func Enter() (code int, done bool) {
	if os.Getenv(inside) != "" || Missing() != "" {
		return 0, false
	}
	runtime.LockOSThread() // Pdeathsig is the death of this thread
	dir, release, err := claim()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	defer release()
	self := exec.Command("/proc/self/exe", os.Args[1:]...)
	self.Env = append(os.Environ(), inside+"="+dir)
	self.Stdin, self.Stdout, self.Stderr = os.Stdin, os.Stdout, os.Stderr
	self.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err = self.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), true
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run the tests in a network namespace:", err)
		return 1, true
	}
	return 0, true
}

// claim makes the folder of this run, empty of what a crashed run left. Its
// name is fixed and locked: one run at a time, two would starve each other.
func claim() (dir string, release func(), err error) {
	dir = filepath.Join(os.TempDir(), "mozpool-e2e")
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return "", nil, fmt.Errorf("another end-to-end run holds %s: wait until it has ended: %w", lock.Name(), err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return "", nil, err
	}
	return dir, func() {
		if os.Getenv(keep) == "" {
			_ = os.RemoveAll(dir) // the next run does it again
		}
		_ = lock.Close()
	}, nil
}

// Missing says what these tests need and this machine lacks; empty: nothing.
func Missing() string {
	if os.Getenv(enable) != "1" {
		return "virtual boards take minutes: set " + enable + "=1 (make e2e) to run them"
	}
	if os.Geteuid() != 0 {
		return "virtual boards need root, for a network namespace with taps"
	}
	for _, tool := range []struct{ command, pack string }{{"ip", "iproute2"}, {"dnsmasq", "dnsmasq-base"}, {"go", "Go 1.26"}} {
		if _, err := exec.LookPath(tool.command); err != nil {
			return fmt.Sprintf("%s is missing: install %s", tool.command, tool.pack)
		}
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return "the kernel gives no taps: " + err.Error()
	}
	if os.Getenv(debs) == "" {
		return debs + " names no folder: run cmd/mozpool/systemtest/fetch-debs FOLDER, then set it"
	}
	return ""
}

// command is a child that dies with this process.
func command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}
