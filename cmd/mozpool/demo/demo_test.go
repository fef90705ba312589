package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mozpool/netboot/boardsim"
)

// TestMain looks for goroutines that a demo leaves behind. fasthttp's cleaner of idle workers sees only after its next
// sleep, 10 s, that its server has ended; its clock for the Date header lives as long as the process.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// output is what a demo wrote so far; stop is called when want appears in it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	stop func()
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	if o.stop != nil && strings.Contains(o.text.String(), o.want) {
		o.stop()
	}
	return n, err
}

func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Split(strings.TrimSuffix(o.text.String(), "\n"), "\n")
}

// inOwnFolder gives the demo a place for its folder, and checks at the end that nothing is left there.
func inOwnFolder(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// apiOf is the first URL printed.
func apiOf(t *testing.T, lines []string) string {
	t.Helper()
	for _, line := range lines {
		if i := strings.Index(line, "http://"); i >= 0 {
			u, err := url.Parse(strings.Fields(line[i:])[0])
			if err != nil {
				t.Fatal(err)
			}
			return u.Host
		}
	}
	t.Fatalf("no URL in %q", lines)
	return ""
}

func free(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Errorf("after the demo: %v", err)
		return
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestOnce runs a small rack to its end, faults included.
func TestOnce(t *testing.T) {
	inOwnFolder(t)
	out := &output{}
	result, err := Run(t.Context(), Options{Boards: 5, Speed: 60, Seed: 1, FaultRate: 0.05, Once: true, JSON: true, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if result.Boards != 5 || result.Ready != 5 || result.Failed != 0 || result.Attempts != 5 || result.Seconds <= 0 {
		t.Errorf("%+v", result)
	}
	lines := out.lines()
	var last Result
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last != result {
		t.Errorf("last line %s, %v, want %+v", lines[len(lines)-1], err, result)
	}
	for _, key := range []string{"boards", "ready", "failed", "attempts", "retries", "seconds"} {
		if !strings.Contains(lines[len(lines)-1], `"`+key+`":`) {
			t.Errorf("the last line has no %s", key)
		}
	}
	if strings.Contains(strings.Join(lines, "\n"), "\x1b") {
		t.Error("escape codes where there is no terminal")
	}
	free(t, apiOf(t, lines))
}

// TestOnceByIPXE: the same with a loader of another family, which breaks and restarts as the others do.
func TestOnceByIPXE(t *testing.T) {
	inOwnFolder(t)
	result, err := Run(t.Context(), Options{Boards: 5, Speed: 60, Seed: 3, FaultRate: 0.05, IPXE: true, Once: true, Out: &output{}})
	if err != nil {
		t.Fatal(err)
	}
	if result.Ready != 5 || result.Failed != 0 || result.Retries == 0 {
		t.Errorf("%+v; this seed has something break", result)
	}
}

// TestInventory has a rack's boards come from each kind of inventory: all of them come, and get their image.
func TestInventory(t *testing.T) {
	for _, kind := range []string{NetBox, Mozilla} {
		t.Run(kind, func(t *testing.T) {
			inOwnFolder(t)
			out := &output{}
			result, err := Run(t.Context(), Options{Boards: 3, Speed: 60, Seed: 1, Inventory: kind, Once: true, JSON: true, Out: out})
			if err != nil || result.Boards != 3 || result.Ready != 3 {
				t.Errorf("%+v, %v", result, err)
			}
			text := strings.Join(out.lines(), "\n")
			if !strings.Contains(text, "boards come from a pretended "+inventoryNames[kind]) {
				t.Error(text)
			}
			_, site, _ := strings.Cut(text, inventoryNames[kind]+" at http://")
			site, _, _ = strings.Cut(site, ";")
			free(t, apiOf(t, out.lines()))
			free(t, site)
		})
	}
}

// TestInterrupted breaks a demo off: at its first line, while boards boot, while cards are written, and at rest, where
// it has told what to try. Each time it ends without an error, its last line is the result, and nothing is left.
func TestInterrupted(t *testing.T) {
	for _, at := range []string{"api ", " booting", " writing", "board power cycle"} {
		t.Run(strings.TrimSpace(at), func(t *testing.T) {
			inOwnFolder(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &output{want: at, stop: cancel}
			result, err := Run(ctx, Options{Boards: 3, Speed: 60, Seed: 1, JSON: true, Out: out})
			if err != nil || result.Boards != 3 {
				t.Errorf("%+v, %v", result, err)
			}
			lines := out.lines()
			var last Result
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last != result {
				t.Errorf("last line %q, %v", lines[len(lines)-1], err)
			}
			if !strings.Contains(strings.Join(lines, "\n"), "interrupted; everything is cleaned up") {
				t.Errorf("%q", lines)
			}
			free(t, apiOf(t, lines))
		})
	}
}

// TestInterruptedBeforehand ends before there is a rack; with Once that is no success.
func TestInterruptedBeforehand(t *testing.T) {
	inOwnFolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for once, want := range map[bool]error{false: nil, true: ErrNotReady} {
		out := &output{}
		if _, err := Run(ctx, Options{Boards: 2, Speed: 60, Once: once, JSON: true, Out: out}); !errors.Is(err, want) {
			t.Errorf("once %t: %v, want %v", once, err, want)
		}
		lines := out.lines()
		if last := lines[len(lines)-1]; !json.Valid([]byte(last)) {
			t.Errorf("once %t: last line %q", once, last)
		}
	}
}

// TestOnTerminal runs on a terminal that is resized all the time.
func TestOnTerminal(t *testing.T) {
	inOwnFolder(t)
	out := &output{}
	height := 5
	_, err := Run(t.Context(), Options{Boards: 4, Speed: 100, Once: true, Out: out, Size: func() (int, int) {
		height = 5 + (height-4)%20
		return 70, height
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(out.lines(), "\n")
	if !strings.HasPrefix(text, "api http://127.0.0.1:") || !strings.Contains(text, "4 boards: 4 ready") || strings.Count(text, "\x1b[?25l") != strings.Count(text, "\x1b[?25h") {
		t.Errorf("%q", text)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	bad := Options{Boards: 0, Speed: math.NaN(), FaultRate: 1.5, Inventory: "paper"}
	err := bad.Validate()
	for _, want := range []string{"--boards 0", "--speed NaN", "--fault-rate 1.5", "--inventory=paper"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	if _, err := Run(t.Context(), bad); err == nil {
		t.Error("an impossible demo was run")
	}
	for _, o := range []Options{{Boards: 1, Speed: 0.1}, {Boards: 5000, Speed: 1000, FaultRate: 1}} {
		if err := o.Validate(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{{Boards: 5001, Speed: 1}, {Boards: 1}, {Boards: 1, Speed: 1001}, {Boards: 1, Speed: 1, FaultRate: -1}} {
		if o.Validate() == nil {
			t.Errorf("%+v is possible", o)
		}
	}
}

// TestNoRoom has no place for a folder: an error that says so, and nothing left.
func TestNoRoom(t *testing.T) {
	t.Setenv("TMPDIR", "/no such folder")
	out := &output{}
	if _, err := Run(t.Context(), Options{Boards: 1, Speed: 60, Out: out}); err == nil || !strings.Contains(err.Error(), "demo: make a folder") {
		t.Errorf("%v", err)
	}
}

// TestWiring switches relays before the boards are plugged in, while they are, and afterwards.
func TestWiring(t *testing.T) {
	t.Parallel()
	boards, err := boardsim.NewRack(boardsim.RackConfig{Boards: 20, Dir: t.TempDir(), Board: boardsim.Config{TFTP: netip.MustParseAddrPort("127.0.0.1:9"), Times: boardsim.Times{Loader: time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := boards.Close(); err != nil {
			t.Error(err)
		}
	}()
	var w wiring
	w.switched(boardsim.PlaceOf(0, perRelayBoard), false)
	w.switched(boardsim.PlaceOf(1, perRelayBoard), false)
	w.switched(boardsim.PlaceOf(1, perRelayBoard), true)
	w.switched(boardsim.PlaceOf(15, perRelayBoard), false)
	var wg sync.WaitGroup
	wg.Go(func() { w.switched(boardsim.PlaceOf(16, perRelayBoard), false) })
	w.plug(boards)
	wg.Wait()
	w.switched(boardsim.PlaceOf(0, perRelayBoard), true)
	w.switched(boardsim.PlaceOf(3, perRelayBoard), false)
	off := map[int]bool{3: true, 15: true, 16: true}
	for i, b := range boards.Boards {
		if b.Powered() == off[i] {
			t.Errorf("%s has power: %t", b.Name(), b.Powered())
		}
	}
}
