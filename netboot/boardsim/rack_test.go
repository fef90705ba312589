package boardsim

import (
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestValidate names everything at once.
func TestValidate(t *testing.T) {
	t.Parallel()
	c := Config{Address: netip.MustParseAddr("::1"), CardSize: 100, Speed: -1, FaultRate: 2, UpPort: 70000, Times: Times{Kernel: -time.Second}}
	err := c.Validate()
	if err == nil {
		t.Fatal("an impossible board")
	}
	for _, want := range []string{"needs a name", "MAC", "no IPv4 address", "TFTP server", "card needs a file", "card of 100 bytes", "speed -1", "fault rate 2", "70000", "no time"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	c = Config{Speed: math.NaN(), FaultRate: math.NaN()}
	if err := c.Validate(); !strings.Contains(err.Error(), "speed NaN") || !strings.Contains(err.Error(), "fault rate NaN") {
		t.Errorf("%v", err)
	}
	if _, err := New(Config{Name: "board9"}); err == nil || !strings.Contains(err.Error(), "simulated board board9") {
		t.Errorf("%v", err)
	}
	if _, err := New(Config{Name: "b", MAC: MACOf(1), Address: AddressOf(DefaultBase, 1), TFTP: netip.MustParseAddrPort("127.0.0.1:69"),
		Card: filepath.Join(t.TempDir(), "no", "folder")}); err == nil || !strings.Contains(err.Error(), "simulated board b: card") {
		t.Errorf("%v", err)
	}
}

// TestDefaults: what is not said is as on a real board; what is said stays.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c := Config{Times: Times{Write: time.Minute}, Speed: 4}
	c.fill()
	d := DefaultTimes()
	d.Write = time.Minute
	if c.Times != d || c.CardSize != defaultCard || c.UpPort != 8000 || c.Logger == nil || c.OnEvent == nil {
		t.Errorf("%+v", c)
	}
	if got := c.scale(time.Minute); got != 15*time.Second {
		t.Errorf("a minute takes %s", got)
	}
	if got := c.patience(time.Second); got != leastWait {
		t.Errorf("waits %s for a server, at least %s", got, leastWait)
	}
}

func rackConfig(t *testing.T, n int) RackConfig {
	t.Helper()
	return RackConfig{Boards: n, Dir: t.TempDir(), Base: netip.MustParseAddr("127.93.0.0"),
		Board: Config{TFTP: netip.MustParseAddrPort("127.0.0.1:9"), CardSize: minCard, Speed: testSpeed}}
}

// TestPlaces: each board hangs on one relay, and only that relay switches it.
func TestPlaces(t *testing.T) {
	t.Parallel()
	r, err := NewRack(rackConfig(t, 30))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for i, want := range map[int]Place{0: {0, 1, 1}, 7: {0, 1, 8}, 8: {0, 2, 1}, 13: {0, 2, 6}, 14: {1, 1, 1}, 29: {2, 1, 2}} {
		if got := PlaceOf(i, 14); got != want {
			t.Errorf("board %d hangs at %v, want %v", i, got, want)
		}
		r.Switch(want, true)
		for n, b := range r.Boards {
			if b.Powered() != (n == i) {
				t.Errorf("%v: board %d has power: %t", want, n, b.Powered())
			}
		}
		r.Switch(want, false)
	}
	for _, empty := range []Place{{0, 2, 7}, {0, 4, 8}, {2, 1, 3}, {3, 1, 1}, {-1, 1, 1}, {0, 0, 9}, {1, 0, 1}, {0, 1, 0}, {0, 1, 9}} {
		r.Switch(empty, true)
	}
	for n, b := range r.Boards {
		if b.Powered() {
			t.Errorf("a relay without a board gave power to board %d", n)
		}
	}
	if b := r.Boards[29]; b.Name() != "board30" || b.cfg.Address.String() != "127.93.0.30" || b.cfg.MAC.String() != "02:00:5e:00:00:1e" {
		t.Errorf("the last board is %s at %s, %s", b.Name(), b.cfg.Address, b.cfg.MAC)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	if got := AddressOf(netip.MustParseAddr("127.90.255.250"), 300).String(); got != "127.91.1.38" {
		t.Errorf("address %s", got)
	}
	if got := MACOf(0x1234).String(); got != "02:00:5e:00:12:34" {
		t.Errorf("MAC %s", got)
	}
}

func TestImpossibleRacks(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(c *RackConfig){
		"33 boards on a relay board": func(c *RackConfig) { c.PerRelayBoard = 33 },
		"-1 boards on a relay board": func(c *RackConfig) { c.PerRelayBoard = -1 },
		"70000 boards":               func(c *RackConfig) { c.Boards = 70000 },
		"number -1 on":               func(c *RackConfig) { c.First = -1 },
		"no IPv4":                    func(c *RackConfig) { c.Base = netip.MustParseAddr("::1") },
		"board1: ":                   func(c *RackConfig) { c.Dir = "/no such folder" },
	} {
		c := rackConfig(t, 2)
		change(&c)
		if _, err := NewRack(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

// TestThousandBoards: a board costs a file while it has no power, and two goroutines and a socket while it asks. Not
// parallel, since it counts what the process has.
func TestThousandBoards(t *testing.T) {
	const n = 1000
	s := newServer(t)
	s.publish(false)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	c := rackConfig(t, n)
	c.Board.TFTP = s.tftp
	r, err := NewRack(c)
	if err != nil {
		t.Fatal(err)
	}
	if g, f := runtime.NumGoroutine()-goroutines, openFiles(t)-files; g > 0 || f > n {
		t.Errorf("without power: %d goroutines and %d files for %d boards", g, f, n)
	}
	for _, b := range r.Boards {
		b.PowerOn()
	}
	if g := runtime.NumGoroutine() - goroutines; g > 3*n { // with those of the TFTP server for each transfer
		t.Errorf("%d goroutines for %d boards that boot", g, n)
	}
	eventually(t, "every board stands without an image", func() bool {
		for _, b := range r.Boards {
			if b.Count(NoImage) == 0 {
				return false
			}
		}
		return true
	})
	eventually(t, "a goroutine a board is left", func() bool { return runtime.NumGoroutine()-goroutines <= n })
	if f := openFiles(t) - files; f > n {
		t.Errorf("%d files for %d boards at rest", f, n)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "nothing is left", func() bool { return runtime.NumGoroutine() <= goroutines && openFiles(t) <= files })
}

// openFiles counts the process's files; where that cannot be seen, there are none.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(all)
}
