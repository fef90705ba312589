package tftp

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sink compares what comes with what should come.
type sink struct {
	want []byte // nil: anything
	got  int
	bad  bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.want != nil && (s.got+len(p) > len(s.want) || !bytes.Equal(p, s.want[s.got:s.got+len(p)])) {
		s.bad = true
	}
	s.got += len(p)
	return len(p), nil
}

// scene is a load that all servers are put under in turn.
type scene struct {
	name    string
	clients int
	size    int // bytes, each
	window  int
	rounds  int
	lossy   float64
}

var scenes = []scene{
	{name: "lock-step", clients: 1, size: 64 << 20, rounds: 7},
	{name: "window 4", clients: 1, size: 64 << 20, window: 4, rounds: 7},
	{name: "window 16", clients: 1, size: 128 << 20, window: 16, rounds: 7},
	{name: "storm of 200", clients: 200, size: 2 << 20, rounds: 5},
	{name: "storm of 200, window 16", clients: 200, size: 2 << 20, window: 16, rounds: 5},
	{name: "1 % loss, 20 clients", clients: 20, size: 1 << 20, rounds: 1, lossy: 0.01},
	{name: "1,000 clients", clients: 1000, size: 256 << 10, rounds: 1},
}

// figures are what one round of one server showed.
type figures struct {
	rate   float64 // MiB/s
	cpu    float64 // s/GiB of the server
	p99    float64 // s
	memory float64 // KiB a transfer, at the most
	failed int
}

// TestPeers compares us with other servers, in interleaved rounds; "make bench-peers" runs it.
func TestPeers(t *testing.T) {
	if os.Getenv("MOZPOOL_BENCH_PEERS") == "" {
		t.Skip("a comparison of minutes: make bench-peers")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range scenes {
		if only := os.Getenv("MOZPOOL_SCENE"); only == "" || strings.Contains(s.name, only) {
			t.Run(s.name, func(t *testing.T) { s.play(t, dir) })
		}
	}
}

func (s scene) play(t *testing.T, dir string) {
	data := noise(s.size)
	for name, content := range map[string][]byte{"small": []byte("small"), "file": data} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]figures{}
	var names []string
	for _, p := range peers {
		switch {
		case p.name != "mozpool" && find(p.name) == "":
			t.Logf("%s is not on this machine", p.name)
		case p.windows || s.window == 0:
			names = append(names, p.name)
		}
	}
	for range s.rounds {
		for _, p := range peers {
			if slices.Contains(names, p.name) {
				all[p.name] = append(all[p.name], s.round(t, p, dir, data))
			}
		}
	}
	s.report(t, names, all)
}

// round starts a server and reads from it with all clients at once.
func (s scene) round(t *testing.T, p peer, dir string, data []byte) figures {
	t.Helper()
	x := p.start(t, dir)
	m := newMeter(t, x.cmd.Process.Pid)
	before := memory(x.cmd.Process.Pid)
	addr := x.addr
	if s.lossy > 0 {
		addr = newProxy(t, addr, weather{lose: s.lossy}, 3).addr
	}
	took, errs := make([]time.Duration, s.clients), make([]error, s.clients)
	began := time.Now()
	var clients sync.WaitGroup
	for i := range s.clients {
		clients.Go(func() {
			into := sink{want: data}
			c := client{server: addr, block: 1408, window: s.window, patience: 5 * time.Second}
			errs[i] = c.fetch("file", &into)
			if into.bad || errs[i] == nil && into.got != len(data) {
				errs[i] = fmt.Errorf("wrong bytes: %d of %d", into.got, len(data))
			}
			took[i] = time.Since(began)
		})
	}
	clients.Wait()
	wall := time.Since(began)
	f := figures{memory: (memory(x.cmd.Process.Pid) - before) / float64(s.clients)}
	bytes := float64(s.clients) * float64(s.size)
	f.cpu = x.stop(t, m).Seconds() / (bytes / (1 << 30))
	f.rate = bytes / (1 << 20) / wall.Seconds()
	slices.Sort(took)
	f.p99 = took[(len(took)*99-1)/100].Seconds()
	for _, err := range errs {
		if err != nil {
			f.failed++
		}
	}
	if err := errors.Join(errs...); err != nil && p.name == "mozpool" {
		t.Error(err)
	}
	return f
}

// memory is the most that a process has had to itself, in KiB, without files.
func memory(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	var n float64
	_, _ = fmt.Sscan(after, &n) // 0: not known
	return n
}

func (s scene) report(t *testing.T, names []string, all map[string][]figures) {
	median := func(name string, of func(figures) float64) float64 {
		var v []float64
		for _, f := range all[name] {
			v = append(v, of(f))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	for _, name := range names {
		ratio := func(of func(figures) float64) float64 {
			var v []float64
			for i, f := range all["mozpool"] {
				v = append(v, of(f)/of(all[name][i]))
			}
			slices.Sort(v)
			return v[len(v)/2]
		}
		rate, cpu := func(f figures) float64 { return f.rate }, func(f figures) float64 { return f.cpu }
		p99, kib := func(f figures) float64 { return f.p99 }, func(f figures) float64 { return f.memory }
		failed := 0
		for _, f := range all[name] {
			failed += f.failed
		}
		t.Logf("%-9s %7.0f MiB/s %6.2f CPU s/GiB  p99 %6.2f s %6.1f KiB/transfer %3d failed | mozpool/it: rate %.2f cpu %.2f p99 %.2f", name,
			median(name, rate), median(name, cpu), median(name, p99), median(name, kib), failed, ratio(rate), ratio(cpu), ratio(p99))
	}
}
