package house

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/cluster/ask"
	"mozpool/persistence"
)

// plans pins nothing.
type plans struct{}

func (plans) Plan(context.Context, inventory.Spec, board.Want, string, map[string]string) (*actors.Inputs, error) {
	return &actors.Inputs{Raw: []byte("x")}, nil
}

func (plans) Open(raw []byte) (*actors.Inputs, error) { return &actors.Inputs{Raw: raw}, nil }

// switches are relay boards that always work; they note who has a connection.
type switches struct {
	before func() error
	cut    func()
	read   func()
}

func (s switches) Parse(spec string) (actors.Switch, error) {
	return actors.Switch{Board: spec, Outlet: "1", Line: spec, Rest: time.Second}, nil
}

func (s switches) Dial(_ context.Context, _ actors.Switch, before func() error) (actors.RelaySession, error) {
	s.before = before
	return s, before()
}

func (switches) Test(context.Context) error                 { return nil }
func (switches) Cycle(context.Context, actors.Switch) error { return nil }
func (switches) Close() error                               { return nil }

func (s switches) Set(_ context.Context, _ actors.Switch, on bool) error {
	if !on {
		s.cut()
	}
	return s.before()
}

func (s switches) Powered(context.Context, actors.Switch) (bool, error) {
	s.read()
	return true, s.before()
}

func (c *cluster) wasCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts++
}

func (c *cluster) read() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = append(c.reads, time.Now())
}

// cluster is the leases, the journal and the wires of some houses in one process.
type cluster struct {
	*persistence.Memory
	t       *testing.T
	mu      sync.Mutex
	holder  map[string]string
	epoch   map[string]uint64
	houses  map[string]*House
	cut     map[string]bool // servers that nobody reaches
	asked   int
	cuts    int
	reads   []time.Time         // of relays
	late    map[string][]string // by rack
	silent  map[string]time.Duration
	sought  map[string]int  // by rack: how often it was asked who holds it
	behind  map[string]bool // servers that have not caught up since they began
	after   func()          // called after each commit, with mu held; nil: nothing is
	unasked map[string]bool // ids that were answered "not here"
	runs    map[string]bool // server and rack whose actors run, by what the houses told
}

func (c *cluster) begun(server string) func(string, func() bool) {
	return func(rack string, held func() bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.runs[server+" "+rack] = true
	}
}

func (c *cluster) ended(server string) func(string) {
	return func(rack string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.runs, server+" "+rack)
	}
}

// of is one server's end of the cluster.
type end struct {
	*cluster
	name    string
	changed chan struct{}
}

func (e *end) Racks() map[string]uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	racks := map[string]uint64{}
	for rack, holder := range e.holder {
		if holder == e.name {
			racks[rack] = e.epoch[rack]
		}
	}
	return racks
}

func (e *end) Held(rack string) (uint64, time.Duration, bool) {
	epoch, ok := e.Racks()[rack]
	return epoch, 0, ok
}

func (e *end) Late(rack string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.late[rack]
}

func (e *end) Silent(server string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.silent[server]
}

func (e *end) Current() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.behind[e.name]
}

func (e *end) Changed() <-chan struct{} { return e.changed }

func (e *end) Holder(rack string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sought != nil {
		e.sought[rack]++
	}
	return e.holder[rack]
}

func (e *end) Others() (names []string) {
	for name := range e.houses {
		if name != e.name {
			names = append(names, name)
		}
	}
	return names
}

// Ask carries a question to another house, through JSON as on a wire.
func (e *end) Ask(ctx context.Context, server string, q ask.Question, answer any) error {
	e.mu.Lock()
	h, cut := e.houses[server], e.cut[server]
	e.asked++
	e.mu.Unlock()
	if cut {
		return fmt.Errorf("cut: %w", ask.ErrNotSent)
	}
	said := h.Answer(ctx, q)
	if r, ok := said.(reply); ok && r.NotHere {
		e.mu.Lock()
		if e.unasked[q.ID] {
			e.t.Errorf("id %s was answered \"not here\" before, which is remembered", q.ID)
		}
		e.unasked[q.ID] = true
		e.mu.Unlock()
	}
	data, err := json.Marshal(said)
	return errors.Join(err, json.Unmarshal(data, answer))
}

// Commit stores, and shows the change to all houses as their copies of a log would.
func (c *cluster) Commit(ctx context.Context, change persistence.Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if change.Epoch < c.epoch[change.Rack] {
		return persistence.ErrFenced
	}
	err := c.Memory.Commit(ctx, change)
	if err == nil && c.after != nil {
		c.after()
	}
	if err == nil {
		for _, h := range c.houses {
			h.feed.add(change)
		}
	}
	return err
}

// grant gives a rack to a server, or takes it from all ("").
func (c *cluster) grant(rack, server string) {
	c.mu.Lock()
	c.holder[rack] = server
	c.epoch[rack]++
	houses := maps.Clone(c.houses)
	c.mu.Unlock()
	for _, h := range houses {
		h.cfg.Leases.(*end).changed <- struct{}{}
	}
	synctest.Wait()
}

var boards = func() []inventory.Spec {
	var all []inventory.Spec
	for i, rack := range []string{"r1", "r1", "r2"} {
		mac, err := inventory.ParseMAC(fmt.Sprintf("52:54:00:00:00:%02x", i))
		if err != nil {
			panic(err)
		}
		name := fmt.Sprintf("board%d", i+1)
		all = append(all, inventory.Spec{ID: name, Name: name, MAC: mac, Rack: rack, Hardware: "h", Power: "relays-of-" + rack})
	}
	return all
}()

// newCluster runs houses img1 and img2 with boards board1 and board2 in r1, board3 in r2; img1 holds both.
func newCluster(t *testing.T) *cluster {
	c := &cluster{Memory: persistence.NewMemory(), t: t, holder: map[string]string{"r1": "img1", "r2": "img1"},
		epoch: map[string]uint64{"r1": 1, "r2": 1}, houses: map[string]*House{}, cut: map[string]bool{}, runs: map[string]bool{}, late: map[string][]string{}, unasked: map[string]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, name := range []string{"img1", "img2"} {
		e := &end{c, name, make(chan struct{}, 8)}
		h := New(Config{Server: name, Leases: e, Peers: e, Begun: c.begun(name), Ended: c.ended(name), Fleet: actors.Config{Journal: c, Racks: map[string]actors.RackRules{"r1": {HealthEvery: time.Hour}}, Logs: &lines{}, Trails: &trails{lines: make(map[string][][]byte)}, Planner: plans{}, Power: switches{cut: c.wasCut, read: c.read},
			Probe: func(context.Context, netip.Addr, actors.Check) error { return nil }}})
		c.houses[name] = h
		if err := h.Load(t.Context(), boards); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range c.houses {
		all.Go(func() {
			if err := h.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); all.Wait() })
	synctest.Wait()
	return c
}

// forgetful loses the answer to the first question.
type forgetful struct {
	*end
	asked *int
}

func (f forgetful) Ask(ctx context.Context, server string, q ask.Question, answer any) error {
	err := f.end.Ask(ctx, server, q, answer)
	if *f.asked++; *f.asked == 1 {
		return fmt.Errorf("torn: %w", ask.ErrLost)
	}
	return err
}

// lines are a server's logs.
type lines struct {
	persistence.Logs // nothing else is used
	mu               sync.Mutex
	all              []persistence.Line
}

func (l *lines) Append(line persistence.Line) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
	return true
}

func (l *lines) Query(_ context.Context, f persistence.Filter) (found []persistence.Line, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if line.Board == f.Board && !line.At.Before(f.Since) && (f.Source == "" || f.Source == line.Source) {
			found = append(found, line)
		}
	}
	return found, nil
}

func (l *lines) Follow(context.Context, persistence.Filter, func(persistence.Line, uint64) bool) error {
	return errHere
}

func (l *lines) Export(context.Context, persistence.Filter, func(persistence.Line) bool) error {
	return errHere
}

var errHere = errors.New("followed here")
