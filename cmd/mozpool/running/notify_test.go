package running

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manager is a service manager's socket, and what it was told.
func manager(t *testing.T) (socket string, told func() string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return socket, func() string {
		buf := make([]byte, 1000)
		if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("nothing was told: %v", err)
		}
		return string(buf[:n])
	}
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if value, ok := strings.CutPrefix(p, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	socket, told := manager(t)
	n := FromEnvironment(environment("NOTIFY_SOCKET=" + socket))
	for _, c := range []struct {
		do   func() error
		want string
	}{
		{func() error { return n.Ready("3 racks") }, "READY=1\nSTATUS=3 racks"},
		{n.Stopping, "STOPPING=1"},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if got := told(); got != c.want {
			t.Errorf("told %q, want %q", got, c.want)
		}
	}
	if err := (Notifier{}).Ready("nobody asks"); err != nil {
		t.Errorf("without a manager: %v", err)
	}
	if err := (Notifier{socket: socket + "gone"}).Stopping(); err == nil {
		t.Error("a manager that is gone was told")
	}
}

func TestWatchdogIsOurs(t *testing.T) {
	t.Parallel()
	for pid, want := range map[string]time.Duration{"": time.Second, strconv.Itoa(os.Getpid()): time.Second, "1": 0} {
		n := FromEnvironment(environment("NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1000000", "WATCHDOG_PID="+pid))
		if n.every != want {
			t.Errorf("WATCHDOG_PID=%s: every %s, want %s", pid, n.every, want)
		}
	}
}

// TestWatch: a server that does not answer is not vouched for, and is again once it does.
func TestWatch(t *testing.T) {
	t.Parallel()
	socket, told := manager(t)
	n := Notifier{socket: socket, every: 20 * time.Millisecond}
	dead := errors.New("no answer")
	calls, failures := 0, 0
	alive := func(context.Context) error {
		if calls++; calls <= 3 {
			return dead
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Watch(ctx, alive, func(err error) {
			if !errors.Is(err, dead) {
				t.Errorf("failed with %v", err)
			}
			failures++
		})
	}()
	if got := told(); got != "WATCHDOG=1" {
		t.Errorf("told %q", got)
	}
	stop()
	<-ended
	if failures != 3 {
		t.Errorf("%d failures, want 3", failures)
	}
	Notifier{}.Watch(t.Context(), nil, nil) // returns
}
