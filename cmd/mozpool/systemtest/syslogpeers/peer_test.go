package syslogpeers

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mozpool/persistence"
)

const boards = 500

// boardAddress is where board n sends from; the whole of 127.0.0.0/8 is loopback.
func boardAddress(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 50, byte(n / 200), byte(n%200 + 1)})
}

// peer is a syslog server: how to start it, and what it kept of a board afterwards.
type peer struct {
	name  string
	start func(t *testing.T, dir string, port int) *exec.Cmd
	kept  func(t *testing.T, dir string, n int) []string
}

// mozpool is this server, with its real binary and all that it does beside.
func mozpool(binary string) peer {
	return peer{"mozpool", func(t *testing.T, dir string, port int) *exec.Cmd {
		var list strings.Builder
		list.WriteString("boards:\n")
		for n := range boards {
			fmt.Fprintf(&list, "- {name: b%d, mac: \"52:54:00:02:%02x:%02x\", rack: r1, hardware: panda, address: %s}\n", n, n/256, n%256, boardAddress(n))
		}
		write(t, filepath.Join(dir, "boards.yaml"), list.String())
		write(t, filepath.Join(dir, "mozpool.yaml"), fmt.Sprintf("data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\"}\nracks: {r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: %d}}}\n", port))
		return exec.Command(binary, "serve", "--level", "ERROR", "--config", filepath.Join(dir, "mozpool.yaml"))
	}, func(t *testing.T, dir string, n int) (texts []string) {
		logs, err := persistence.OpenLogs(filepath.Join(dir, "data/logs"), persistence.LogOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = logs.Close() }() // only read
		err = logs.Export(t.Context(), persistence.Filter{Board: fmt.Sprint("b", n), Source: "syslog"}, func(l persistence.Line) bool {
			_, text, _ := strings.Cut(l.Text, "bench: ")
			texts = append(texts, text)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}}
}

// rsyslog is Debian's, with a file a board, no look-ups, and the same receive buffer.
func rsyslog(binary string) peer {
	return peer{"rsyslog", func(t *testing.T, dir string, port int) *exec.Cmd {
		conf := fmt.Sprintf(`global(net.enableDNS="off" workDirectory="%[1]s")
module(load="imudp")
template(name="file" type="string" string="%[1]s/%%fromhost-ip%%.log")
template(name="line" type="string" string="%%rawmsg%%\n")
ruleset(name="boards") { action(type="omfile" dynaFile="file" template="line" dynaFileCacheSize="1000") }
input(type="imudp" address="127.0.0.1" port="%[2]d" ruleset="boards" rcvbufSize="16m")
`, dir, port)
		write(t, filepath.Join(dir, "rsyslog.conf"), conf)
		return exec.Command(binary, "-n", "-f", filepath.Join(dir, "rsyslog.conf"), "-i", filepath.Join(dir, "pid"))
	}, func(t *testing.T, dir string, n int) (texts []string) {
		data, err := os.ReadFile(filepath.Join(dir, boardAddress(n).String()+".log"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			_, text, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "bench: ")
			texts = append(texts, text)
		}
		return texts
	}}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running is a peer's process.
type running struct {
	t   *testing.T
	cmd *exec.Cmd
}

// run starts a peer and waits until its port is taken.
func (p peer) run(t *testing.T, dir string, port int) running {
	t.Helper()
	cmd := p.start(t, dir, port)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("0100007F:%04X ", port) // 127.0.0.1; binding it to see would be in the way
	for deadline := time.Now().Add(time.Minute); ; pause(t.Context(), 20*time.Millisecond) {
		open, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(open, []byte(want)) {
			return running{t, cmd}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen", p.name)
		}
	}
}

// end stops it in order, and returns the CPU time that it took in all.
func (r running) end() time.Duration {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	_ = r.cmd.Wait() // rsyslog's exit code is its own
	return r.cmd.ProcessState.UserTime() + r.cmd.ProcessState.SystemTime()
}

func (r running) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var nanos int64
	_, _ = fmt.Sscan(string(data), &nanos) // of the main thread; only whether it still works is asked
	return time.Duration(nanos)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
