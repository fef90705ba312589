package systemtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
)

// Board is a virtual board: a QEMU that runs while it has power. What it says
// and holds is kept in files that outlive each run of QEMU.
type Board struct {
	Name, MAC, Address string
	Number             int    // from 1
	Disk               string // the file that is its card

	t        testing.TB
	machine  Machine
	dir      string
	orders   chan bool // power, in the order of the relay's switching
	ended    chan struct{}
	mu       sync.Mutex
	rate     int       // bytes a second that its card takes; 0: as fast as it goes
	diskOnly bool      // at the next start: the loader does not ask the network
	qemu     *exec.Cmd // nil: no power
	gone     chan struct{}
	starts   int
}

// newBoard makes a board without power and with an empty card.
func newBoard(t testing.TB, m Machine, dir string, n int) *Board {
	t.Helper()
	b := &Board{Name: fmt.Sprintf("board%d", n), MAC: boardMAC(n), Address: boardAddress(n), Number: n, t: t, machine: m,
		dir: filepath.Join(dir, fmt.Sprintf("board%d", n)), orders: make(chan bool, 256), ended: make(chan struct{})}
	b.Disk = filepath.Join(b.dir, "disk")
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b.SetDisk(nil)
	if err := m.firmware(b); err != nil {
		t.Fatal(err)
	}
	go b.obey() // ends with orders, which close ends
	t.Cleanup(b.close)
	return b
}

// obey switches as the relay says. The relay itself must not wait for QEMU.
func (b *Board) obey() {
	defer close(b.ended)
	for on := range b.orders {
		b.mu.Lock()
		b.stop()
		if on {
			b.start()
		}
		b.mu.Unlock()
	}
}

func (b *Board) close() {
	close(b.orders)
	<-b.ended
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop()
	if b.t.Failed() {
		b.t.Logf("%s was started %d times and said last:\n%s", b.Name, b.starts, tail(filepath.Join(b.dir, "console"), 6<<10))
	}
}

// Reset restarts the board without its relay, as a brown-out or a watchdog does.
// diskOnly: its loader finds no network this once.
func (b *Board) Reset(diskOnly bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop()
	b.diskOnly = diskOnly
	b.start()
	b.diskOnly = false
}

// Unplug takes the power from the board, whatever its relay says, until the
// relay is switched again.
func (b *Board) Unplug() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop()
}

// SlowCard limits, from the next start on, how many bytes a second the card
// takes; 0: as many as it can.
func (b *Board) SlowCard(rate int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate = rate
}

// Starts is how often the board was powered on or reset from outside.
func (b *Board) Starts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.starts
}

// SetDisk puts content on the card, which has no power then.
func (b *Board) SetDisk(content []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.Disk, content, 0o644); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Truncate(b.Disk, diskSize); err != nil {
		b.t.Fatal(err)
	}
}

// Holds says whether the card is, byte for byte, the disk.
func (b *Board) Holds(disk []byte) bool {
	b.t.Helper()
	content, err := os.ReadFile(b.Disk)
	if err != nil {
		b.t.Fatal(err)
	}
	return bytes.Equal(content, disk)
}

// HalfWritten says whether the card begins as the disk does (a quarter of it at
// least) and does not end as it does.
func (b *Board) HalfWritten(disk []byte) bool {
	b.t.Helper()
	content, err := os.ReadFile(b.Disk)
	if err != nil {
		b.t.Fatal(err)
	}
	return bytes.Equal(content[:len(disk)/4], disk[:len(disk)/4]) && !bytes.Equal(content, disk)
}

// Said says whether the text was on the board's console, since the test began.
func (b *Board) Said(text string) bool {
	content, err := os.ReadFile(filepath.Join(b.dir, "console"))
	return err == nil && bytes.Contains(content, []byte(text))
}

var kernelURL = regexp.MustCompile(`mobile-imaging-url=http://[^/]*/b/([a-z0-9]+)/`)

// Token is that of the board's last network boot, from its loader's output.
func (b *Board) Token() string {
	b.t.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, "console"))
	found := kernelURL.FindAllSubmatch(content, -1)
	if err != nil || len(found) == 0 {
		b.t.Fatalf("%s has not booted from the network (%v)", b.Name, err)
	}
	return string(found[len(found)-1][1])
}

// start needs b.mu. A board that cannot start stays silent, and its test says so.
func (b *Board) start() {
	drive := "if=none,id=disk,format=raw,file=" + b.Disk
	if b.rate > 0 {
		drive += fmt.Sprintf(",throttling.bps-write=%d", b.rate)
	}
	args := append(b.machine.args(b), "-display", "none", "-monitor", "none", "-drive", drive,
		"-netdev", "tap,id=net,script=no,downscript=no,ifname="+tapOf(b.Number),
		"-chardev", "file,id=console,append=on,path="+filepath.Join(b.dir, "console"), "-serial", "chardev:console")
	c := command(b.machine.command, args...)
	said := &bytes.Buffer{}
	c.Stderr = said
	if err := c.Start(); err != nil {
		b.t.Errorf("%s: %v", b.Name, err)
		return
	}
	b.starts++
	gone := make(chan struct{})
	b.qemu, b.gone = c, gone
	go func() { // ends with QEMU
		defer close(gone)
		if err := c.Wait(); said.Len() > 0 {
			b.t.Logf("%s: QEMU said (%v): %s", b.Name, err, said)
		}
	}()
}

// stop needs b.mu.
func (b *Board) stop() {
	if b.qemu == nil {
		return
	}
	_ = b.qemu.Process.Kill() // it may have died
	<-b.gone
	b.qemu = nil
}

// tail is the end of a file, for a person to read.
func tail(path string, n int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-n):])
}
