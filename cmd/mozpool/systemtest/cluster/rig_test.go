package cluster

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/actors/board"
	"mozpool/cmd/mozpool/demo/several"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
)

const (
	servers      = 3
	perRack      = 3 // boards
	boardSpeed   = 30
	attemptsKept = 1000
	// stall leaves a board that looks for another server some seconds of the machine's time. The two minutes of the table
	// are four seconds at this speed, which tests beside this one may take from it.
	stall     = 6 * time.Minute
	noAddress = 3               // the rack that has no service address
	patience  = 4 * time.Minute // for what takes half a minute on an idle machine
)

// world is a cluster, and the rules that its boards and relays saw broken.
type world struct {
	*several.Cluster
	t      *testing.T
	ctx    context.Context
	boards int

	mu     sync.Mutex
	broken []string
	doing  map[string]int    // how many boards did what
	wishes map[string]int    // by board: how many images were asked for
	idle   map[string]bool   // boards that are left alone for now
	limit  time.Duration     // for anything to happen
	spare  map[string]bool   // boards that are not imaged
	clocks map[string]string // by server: by how much its clock is wrong, from its next start on
	stuck  string            // folder of the files by which disks are stuck
}

// newWorld starts a cluster with the real binary, built with the race detector where the test has it. Of options those
// count that differ from test to test. One of the racks is served by two servers only, and one has no service address.
func newWorld(t *testing.T, o several.Options) *world {
	t.Helper()
	program := filepath.Join(t.TempDir(), "mozpool")
	args := []string{"build", "-o", program}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "mozpool/cmd/mozpool")...).CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{t: t, ctx: ctx, doing: make(map[string]int), spare: make(map[string]bool), wishes: make(map[string]int), limit: patience, clocks: make(map[string]string), stuck: t.TempDir()}
	times := boardsim.DefaultTimes()
	times.Write = 18 * time.Second // a slow card, so that faults find boards writing
	var err error
	o.Program, o.Servers, o.Racks, o.Seed, o.Times, o.Stall, o.OnEvent, o.Env = program, servers, cmp.Or(o.Racks, servers), 1, times, stall, w.saw, w.environment
	o.Boards, o.Inventory, o.ByURL = cmp.Or(o.Boards, o.Racks*perRack), o.Site == nil, noAddress
	if o.Few == nil {
		o.Few = []int{0, 2}
	}
	w.boards = o.Boards
	w.Cluster, err = several.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			w.dump()
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		cancel()
	})
	w.must(w.WaitHeld(ctx))
	w.listed(w.boards)
	return w
}

// environment is that of a server that starts.
func (w *world) environment(server string) []string {
	return []string{"MOZPOOL_TEST_CLOCK_OFFSET=" + w.clocks[server], "MOZPOOL_TEST_STUCK_DISK=" + filepath.Join(w.stuck, server)}
}

// stick has the disk of a server's journal stand still; unstick has it go on.
func (w *world) stick(p *several.Process) {
	w.t.Helper()
	w.must(os.WriteFile(filepath.Join(w.stuck, p.Name), nil, 0o600))
}

func (w *world) unstick(p *several.Process) {
	w.t.Helper()
	w.must(os.Remove(filepath.Join(w.stuck, p.Name)))
}

// hearing is a server that runs and hears of what is decided: one whose disk is stuck shows what was true before.
func (w *world) hearing() *several.Process {
	for _, p := range w.Servers {
		if _, err := os.Stat(filepath.Join(w.stuck, p.Name)); err != nil && p.Running() {
			return p
		}
	}
	return w.Servers[0]
}

// listed waits until every server that lives has so many boards.
func (w *world) listed(n int) {
	w.t.Helper()
	for _, p := range w.Servers {
		w.until(fmt.Sprintf("%s to have %d boards", p.Name, n), func() bool {
			all, err := p.Client().Boards(w.ctx, client.Query{})
			return err == nil && len(all) == n
		})
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// saw notes what a board really did. None may be cut while it writes.
func (w *world) saw(e boardsim.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doing[string(e.What)]++
	if e.What == boardsim.CutInWrite || e.What == boardsim.Dead {
		w.broken = append(w.broken, fmt.Sprintf("%s: %s %s at %s", e.Board, e.What, e.Text, time.Now().UTC().Format(time.TimeOnly+".000")))
	}
}

func (w *world) count(what boardsim.What) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doing[string(what)]
}

// until waits until it is so.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	end := time.Now().Add(w.limit)
	for !so() {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// imaging asks for images everywhere and returns once so many boards more are writing.
func (w *world) imaging(writing int) {
	w.t.Helper()
	before := w.count(boardsim.Writing)
	w.wish()
	w.until("boards to write", func() bool { return w.count(boardsim.Writing) >= before+writing })
}

// wish asks for an image on every board that is no spare and not idle, at any server.
func (w *world) wish() {
	w.t.Helper()
	g, ctx := errgroup.WithContext(w.ctx)
	g.SetLimit(w.boards)
	for _, r := range w.Racks {
		for i, name := range r.Names() {
			if !w.spare[name] && !w.idle[name] {
				w.wishes[name]++
				from := w.wishes[name] + i
				g.Go(func() error { return w.Wish(ctx, name, from) })
			}
		}
	}
	w.must(g.Wait())
}

// allReady waits until every board rests that was imaged, each ready.
func (w *world) allReady() {
	w.t.Helper()
	var all []v1.Board
	w.until("every board to rest", func() bool {
		var err error
		all, err = w.hearing().Client().Boards(w.ctx, client.Query{})
		all = slices.DeleteFunc(all, func(b v1.Board) bool { return w.wishes[b.Name] == 0 })
		behind := func(b v1.Board) bool { return int(b.Attempt) < w.wishes[b.Name] } // as a copy may be for a moment
		return err == nil && len(all) == len(w.wishes) && several.AtRest(all) && !slices.ContainsFunc(all, behind)
	})
	for _, b := range all {
		if b.State != board.Ready || b.Image != several.Image || int(b.Attempt) != w.wishes[b.Name] {
			w.t.Errorf("%s is %s with image %q after attempt %d, want ready after %d: %+v", b.Name, b.State, b.Image, b.Attempt, w.wishes[b.Name], b.Blame)
		}
	}
}

// holder is the server that holds a rack.
func (w *world) holder(rack string) *several.Process {
	w.t.Helper()
	w.until("somebody to hold "+rack, func() bool { return w.Holder(rack) != nil })
	return w.Holder(rack)
}

// leader is the server that leads the log.
func (w *world) leader() *several.Process {
	w.t.Helper()
	var name string
	w.until("somebody to lead", func() bool {
		all, err := w.Status(w.ctx)
		name = all.Leader
		return err == nil && name != ""
	})
	return w.Servers[slices.IndexFunc(w.Servers, func(p *several.Process) bool { return p.Name == name })]
}

// back starts a server again, and waits until it may hold racks.
func (w *world) back(p *several.Process) {
	w.t.Helper()
	w.must(p.Start(w.ctx))
	w.until(p.Name+" to be back", func() bool {
		all, err := w.Status(w.ctx)
		return err == nil && slices.ContainsFunc(all.Servers, func(s v1.ClusterServer) bool { return s.Name == p.Name && s.Session && s.Gossip })
	})
}

// judge holds the records of relays, boards and servers against each other.
func (w *world) judge() {
	w.t.Helper()
	w.runs()
	for _, r := range w.Racks {
		for i, name := range r.Names() {
			if !w.spare[name] {
				w.judgeCuts(name, r.Cuts(i), w.wishes[name])
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.broken {
		w.t.Errorf("seen by the board: %s", b)
	}
}

// judgeCuts: every time a board's power went, somebody had decided so and stored it, in one of so many attempts.
func (w *world) judgeCuts(name string, cuts, attempts int) {
	w.t.Helper()
	var decided int
	for _, p := range w.Servers {
		var ended []v1.Attempt
		w.until(fmt.Sprintf("%s to know %d attempts of %s", p.Name, attempts, name), func() (ok bool) { // its copy may be behind
			var err error
			ended, err = p.Client().Attempts(w.ctx, name, attemptsKept)
			return err == nil && len(ended) == attempts
		})
		decided = 0
		for _, a := range ended {
			decided += a.Cycles
		}
	}
	if cuts > decided {
		w.t.Errorf("%s lost its power %d times, decided on were %d", name, cuts, decided)
	}
}

// dump shows what boards do that do not rest, and the end of each server's log.
func (w *world) dump() {
	all, err := w.Boards(context.WithoutCancel(w.ctx))
	w.t.Log("boards as a server shows them:", err)
	for _, b := range all {
		if !b.State.Rest() {
			w.t.Logf("%+v", b)
		}
	}
	for _, p := range w.Servers {
		log, err := p.Log()
		if err != nil {
			continue
		}
		lines := strings.Split(string(log), "\n")
		w.t.Logf("log of %s:\n%s", p.Name, strings.Join(lines[max(0, len(lines)-60):], "\n"))
	}
	if dir := os.Getenv("MOZPOOL_TEST_KEEP"); dir != "" {
		for _, p := range w.Servers {
			if log, err := p.Log(); err == nil {
				_ = os.WriteFile(filepath.Join(dir, p.Name+".log"), log, 0o644) // for whoever asked
			}
		}
	}
}
