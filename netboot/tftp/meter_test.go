package tftp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// meter counts the CPU time of a server and of all that it forks, whether it waits for them or not: in.tftpd does not. It
// needs root and a control group.
type meter struct {
	dir  string
	file string
	key  string
	unit time.Duration
}

// newMeter puts a process into a control group; nil: there is none to be had.
func newMeter(t testing.TB, pid int) *meter {
	for _, m := range []meter{
		{"/sys/fs/cgroup", "cpu.stat", "usage_usec ", time.Microsecond},
		{"/sys/fs/cgroup/cpuacct", "cpuacct.usage", "", time.Nanosecond},
	} {
		if _, err := os.Stat(filepath.Join(m.dir, m.file)); err != nil {
			continue
		}
		dir, err := os.MkdirTemp(m.dir, "tftp")
		if err != nil {
			continue
		}
		m.dir = dir
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(fmt.Sprint(pid)), 0o600); err == nil {
			return &m
		}
		t.Logf("no control group for the server: %v", err)
		_ = os.Remove(dir)
	}
	return nil
}

// read gives what was used so far.
func (m *meter) read(t testing.TB) time.Duration {
	data, err := os.ReadFile(filepath.Join(m.dir, m.file))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), m.key)
	var n int64
	if _, err := fmt.Sscan(after, &n); err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * m.unit
}

// close takes the group away, once the server's children have ended too.
func (m *meter) close() {
	for range 100 {
		if os.Remove(m.dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
