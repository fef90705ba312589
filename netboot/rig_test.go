package netboot

import (
	"cmp"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/netboot/dumps"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

var (
	loopback = netip.MustParseAddr("127.0.0.1")
	alive    = board.Token{1, 2, 3}
	past     = board.Token{4, 5, 6}
	unknown  = board.Token{7, 8, 9}
)

// fakeFleet is one board, and what was said of it.
type fakeFleet struct {
	mu       sync.Mutex
	view     *actors.View
	told     []actors.Evidence
	asked    []actors.Evidence
	strange  []inventory.MAC
	progress []actors.Progress
	verdict  board.Verdict
	err      error
	changed  chan struct{} // gets one value for each thing told
}

func (f *fakeFleet) get(ok func(v *actors.View) bool) *actors.View {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !ok(f.view) {
		return nil
	}
	return f.view
}

func (f *fakeFleet) ByName(name string) *actors.View {
	return f.get(func(v *actors.View) bool { return v.Spec.Name == name })
}

func (f *fakeFleet) ByMAC(m inventory.MAC) *actors.View {
	return f.get(func(v *actors.View) bool { return v.Spec.MAC == m })
}

func (f *fakeFleet) ByToken(t board.Token) *actors.View {
	return f.get(func(v *actors.View) bool { return v.Board.Token == t || v.Board.IsPast(t) })
}

func (f *fakeFleet) ByAddress(a netip.Addr) *actors.View {
	return f.get(func(v *actors.View) bool { return v.Address == a })
}

func (f *fakeFleet) Tell(_ string, e actors.Evidence) {
	f.mu.Lock()
	f.told = append(f.told, e)
	f.mu.Unlock()
	f.changed <- struct{}{}
}

func (f *fakeFleet) Report(_ string, _ board.Token, p actors.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.progress = append(f.progress, p)
}

func (f *fakeFleet) Stranger(mac inventory.MAC, _ netip.Addr, _ string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strange = append(f.strange, mac)
}

func (f *fakeFleet) Ask(_ context.Context, _ string, e actors.Evidence) (board.Verdict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, e)
	return f.verdict, f.err
}

// kinds are what the board's actor was told.
func (f *fakeFleet) kinds() []board.Kind {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []board.Kind
	for _, e := range f.told {
		out = append(out, e.Input.Kind)
	}
	return out
}

// rig is a server of a rack with one board in booting.
type rig struct {
	*Server
	fleet *fakeFleet
	files string
	logs  *fakeLogs
	stop  context.CancelFunc
	ended chan struct{} // closed once Run has returned
}

// fakeLogs keeps lines. What the package does not call is not there.
type fakeLogs struct {
	persistence.Logs
	mu    sync.Mutex
	lines []persistence.Line
	added chan struct{}
}

func (l *fakeLogs) Append(line persistence.Line) bool {
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	l.added <- struct{}{}
	return true
}

func (l *fakeLogs) all() []persistence.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *fakeLogs) has(text string) bool {
	return slices.ContainsFunc(l.all(), func(line persistence.Line) bool { return strings.Contains(line.Text, text) })
}

// wait waits for a line with the text.
func (l *fakeLogs) wait(t *testing.T, text string) {
	t.Helper()
	for !l.has(text) {
		select {
		case <-l.added:
		case <-time.After(10 * time.Second):
			t.Fatalf("no line with %q: %v", text, l.all())
		}
	}
}

// rigOptions are what a test may want otherwise.
type rigOptions struct {
	bare     bool
	kernel   string        // its content
	yaml     string        // images.yaml
	archive  string        // content of v1.tar
	artifact string        // content of v1.img; empty: artifactText
	patience time.Duration // of the HTTP server
	limits   *limiter
	dumps    *dumps.Store
	others   func() []netip.AddrPort
}

const imagesYAML = `
images:
- {name: v1, install: raw, config_keys: [build], artifacts: [{name: disk, file: v1.img, to: disk}]}
`

const artifactText = "0123456789abcdef"

func newRig(t *testing.T, bare bool) *rig {
	t.Helper()
	return newRigOf(t, rigOptions{bare: bare})
}

func newRigOf(t *testing.T, opt rigOptions) *rig {
	t.Helper()
	if opt.kernel == "" {
		opt.kernel = "the kernel"
	}
	dir := t.TempDir()
	put := func(name, data string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("images.yaml", cmp.Or(opt.yaml, imagesYAML))
	put("files/artifacts/v1.tar", opt.archive)
	put("files/live/arm64/vmlinuz", opt.kernel)
	put("files/live/arm64/initrd", "the initrd")
	put("files/artifacts/v1.img", cmp.Or(opt.artifact, artifactText))
	put("files/boot/lpxelinux.0", "the loader")
	put("files/boot/50%.txt", "half")
	put("files/boot/default", "nobody's entry")
	put("files/secret", "not for boards")
	c, problems := images.Load(images.Options{Path: filepath.Join(dir, "images.yaml"), Files: filepath.Join(dir, "files"), Store: filepath.Join(dir, "store"),
		Builtin: map[string]string{images.Maintenance: "wait", images.SelfTest: "test"}})
	if problems != nil {
		t.Fatal(problems)
	}
	catalogue := &images.Published{}
	catalogue.Set(c)
	spec := inventory.Spec{ID: "17", Name: "board1", MAC: mac(t, "52:54:00:01:00:01"), Rack: "r1", Hardware: "qemu-arm64"}
	in, err := Planner{Catalogue: catalogue}.Plan(t.Context(), spec, board.WantImage, "v1", map[string]string{"build": "42"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeFleet{verdict: board.Moved, changed: make(chan struct{}, 1024), view: &actors.View{Spec: spec, Inputs: in, Address: loopback,
		Board: board.Board{State: board.Booting, Token: alive, Past: []board.Token{past}, Attempt: 1, Boot: 2}}}
	logs := &fakeLogs{added: make(chan struct{}, 4096)}
	s, err := Listen(Config{Rack: "r1", Listen: loopback, Files: filepath.Join(dir, "files"), Bare: opt.bare, Boards: f, Catalogue: catalogue, Logs: logs, Dumps: opt.dumps, Others: opt.others,
		Metrics: NewMetrics(prometheus.NewRegistry())})
	if err != nil {
		t.Fatal(err)
	}
	if opt.patience != 0 {
		s.patience = opt.patience
	}
	if opt.limits != nil {
		s.limits = opt.limits
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &rig{Server: s, fleet: f, files: filepath.Join(dir, "files"), logs: logs, stop: cancel, ended: make(chan struct{})}
	go func() { // ends with the test
		defer close(r.ended)
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-r.ended
	})
	return r
}

func mac(t *testing.T, text string) inventory.MAC {
	t.Helper()
	m, err := inventory.ParseMAC(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// heard waits until the actor was told n things.
func (r *rig) heard(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-r.fleet.changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("told only %v", r.fleet.kinds())
		}
	}
}
