package actors

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// Planner pins what an attempt needs. It runs outside the actors and may take long (hashing an image).
type Planner interface {
	// Plan pins the inputs of a wish for a board: the image's artifacts, script and limits. For power wishes image is
	// what is known to be on the card, perhaps nothing, and says how the board proves that it came up. Errors for
	// people are *Problem.
	Plan(ctx context.Context, spec inventory.Spec, want board.Want, image string, config map[string]string) (*Inputs, error)
	// Open decodes Inputs.Raw as the journal kept it.
	Open(raw []byte) (*Inputs, error)
}

// Prober looks once whether an image answers as check asks. nil: it does.
type Prober func(ctx context.Context, addr netip.Addr, check Check) error

// RackRules are what holds for all boards of a rack.
type RackRules struct {
	BootsAtOnce int           // places of the power budget; 0: 16
	PowerOnGap  time.Duration // between two power-ons on one relay board
	FailedOff   bool          // boards that rest in failed_… are switched off
	NewBoards   board.Want    // what is done with a board that the inventory brings: WantNothing, WantPowerCycle (verify), WantSelfTest
}

// Config says what a Fleet works with.
type Config struct {
	Journal persistence.Journal
	Logs    persistence.Logs // nil: silence
	Planner Planner
	Power   Power
	Probe   Prober
	Racks   map[string]RackRules
	Logger  *slog.Logger     // nil: silence
	Clock   func() time.Time // wall clock; nil: time.Now
	Speed   float64          // divides every time of the boards' lives, for simulated racks; 0: 1
	Epoch   uint64           // of this server's leases; 0: 1
}

// Fleet keeps the boards of this server.
type Fleet struct {
	cfg    Config
	log    *slog.Logger
	system *actor.ActorSystem
	root   *actor.RootContext
	roster *roster
	ctx    context.Context // ends with Stop; effects hang on it
	stop   context.CancelFunc

	mu        sync.Mutex // of what follows
	racks     map[string]*rack
	relays    map[string]*actor.PID
	views     map[string]*relayState
	strangers map[inventory.MAC]*Stranger
}

// rack is what the boards of a rack share.
type rack struct {
	rules  RackRules
	places *places
}

const (
	queueLimit   = 256              // inputs that wait behind one change of a board
	commitLimit  = 10 * time.Second // after which a commit's outcome counts as unknown
	maxStrangers = 1000
)

// New makes a fleet without boards; Load brings them.
func New(cfg Config) *Fleet {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Speed == 0 {
		cfg.Speed = 1
	}
	if cfg.Epoch == 0 {
		cfg.Epoch = 1
	}
	f := &Fleet{cfg: cfg, log: cfg.Logger, roster: newRoster(), racks: make(map[string]*rack), relays: make(map[string]*actor.PID),
		views: make(map[string]*relayState), strangers: make(map[inventory.MAC]*Stranger)}
	f.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return cfg.Logger.With("of", "actors") }))
	f.root = f.system.Root
	f.ctx, f.stop = context.WithCancel(context.Background())
	for name, rules := range cfg.Racks {
		f.racks[name] = f.newRack(rules)
	}
	return f
}

func (f *Fleet) newRack(rules RackRules) *rack {
	if rules.BootsAtOnce <= 0 {
		rules.BootsAtOnce = 16
	}
	return &rack{rules: rules, places: newPlaces(rules.BootsAtOnce, func(id string) {
		f.send(id, &item{in: board.Input{Kind: board.Admitted}})
	})}
}

// rack finds a rack's shared things; a rack that the configuration does not name gets the defaults.
func (f *Fleet) rack(name string) *rack {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.racks[name]
	if !ok {
		r = f.newRack(RackRules{})
		f.racks[name] = r
	}
	return r
}

// Load takes up every board of specs where the journal left it, and boards that the journal does not know as new.
// Boards that the journal knows and specs do not stay in the journal, unseen. It returns once all limits are armed
// and all boards are published.
func (f *Fleet) Load(ctx context.Context, specs []inventory.Spec) error {
	stored := make(map[string]persistence.Stored, len(specs))
	for s, err := range f.cfg.Journal.Load(ctx, "") {
		if err != nil {
			return fmt.Errorf("load boards from the journal: %w", err)
		}
		stored[s.Board] = s
	}
	cells := make([]*cell, 0, len(specs))
	var problems []error
	for _, spec := range specs {
		c, err := f.takeUp(spec, stored[spec.ID])
		if err != nil {
			problems = append(problems, fmt.Errorf("board %s: %w", spec.Name, err))
			continue
		}
		cells = append(cells, c)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	f.roster.rebuild(cells)
	f.claim(cells)
	for _, c := range cells {
		f.start(c)
	}
	return nil
}

// claim holds places of the power budget for boards that already are between power-on and live environment, before the
// first actor wakes: those that wait must not be given them.
func (f *Fleet) claim(cells []*cell) {
	for _, c := range cells {
		if v := c.view.Load(); holdsPlace(&v.Board) {
			f.rack(v.Spec.Rack).places.settle(c.id, true, false, 0)
		}
	}
}

// takeUp makes a board's cell from what is stored of it.
func (f *Fleet) takeUp(spec inventory.Spec, s persistence.Stored) (*cell, error) {
	now := f.cfg.Clock()
	v := &View{Spec: spec, Board: board.NewBoard(now), Seq: s.Seq, At: now}
	if s.Seq > 0 {
		b, err := decodeBoard(s.Record)
		if err != nil {
			return nil, err
		}
		v.Board = b
	}
	if len(s.Inputs) > 0 {
		inputs, err := f.cfg.Planner.Open(s.Inputs)
		if err != nil {
			// One board's attempt is lost to its limits; the rack must not stand still for it.
			f.log.Error("what an attempt pinned cannot be read", "board", spec.Name, "attempt", v.Board.Attempt, "error", err)
		}
		v.Inputs = inputs
	}
	c := &cell{id: spec.ID}
	v.Address = addressOf(v)
	f.roster.publish(c, v)
	return c, nil
}

// addressOf is where a board is: the inventory's word, else where its loader asked from last.
func addressOf(v *View) netip.Addr {
	if v.Spec.Address.IsValid() {
		return v.Spec.Address
	}
	a, _ := netip.ParseAddr(v.Board.Address) // invalid stays invalid: not known
	return a.Unmap()
}

// start brings a board's actor to life. One that panics is started again from what was published last, which is what
// the journal has.
func (f *Fleet) start(c *cell) {
	c.pid.Store(f.root.Spawn(actor.PropsFromProducer(func() actor.Actor { return newBoardActor(f, c) })))
}

// Apply makes the roster equal to specs: new boards are taken up, changed ones are told, those that are gone are
// stopped. A board's record stays in the journal.
func (f *Fleet) Apply(ctx context.Context, specs []inventory.Spec) error {
	old := f.roster.maps.Load().byID
	stored := make(map[string]persistence.Stored)
	if slices.ContainsFunc(specs, func(s inventory.Spec) bool { return old[s.ID] == nil }) {
		for s, err := range f.cfg.Journal.Load(ctx, "") {
			if err != nil {
				return fmt.Errorf("load boards from the journal: %w", err)
			}
			stored[s.Board] = s
		}
	}
	keep := make(map[string]*cell, len(specs))
	var fresh []*cell
	for _, spec := range specs {
		c := old[spec.ID]
		if c == nil {
			var err error
			if c, err = f.takeUp(spec, stored[spec.ID]); err != nil {
				return fmt.Errorf("board %s: %w", spec.Name, err)
			}
			fresh = append(fresh, c)
		} else if v := c.view.Load(); !v.Spec.Equal(spec) {
			f.respec(c, spec)
		}
		keep[spec.ID] = c
	}
	for id, c := range old {
		if keep[id] == nil {
			f.root.Stop(c.pid.Load())
			f.roster.remove(c)
		}
	}
	f.roster.rebuild(slices.Collect(maps.Values(keep)))
	for _, c := range fresh {
		f.start(c)
	}
	return nil
}

// respec publishes a changed spec at once, so that look-ups by name and MAC find it, and tells the actor.
func (f *Fleet) respec(c *cell, spec inventory.Spec) {
	for {
		v := c.view.Load()
		w := *v
		w.Spec = spec
		w.Address = addressOf(&w)
		if c.view.CompareAndSwap(v, &w) {
			break
		}
	}
	f.root.Send(c.pid.Load(), &specChanged{spec})
}

// Stop ends all actors. What is committed stays; what is in flight is answered by the journal or taken up again by
// the next start. The journal may be closed once Stop has returned.
func (f *Fleet) Stop() {
	f.stop()
	var waits []actor.Future
	for _, c := range f.roster.maps.Load().sorted {
		waits = append(waits, f.root.StopFuture(c.pid.Load()))
	}
	f.mu.Lock()
	for _, pid := range f.relays {
		waits = append(waits, f.root.StopFuture(pid))
	}
	f.mu.Unlock()
	for _, w := range waits {
		if err := w.Wait(); err != nil {
			f.log.Warn("an actor did not stop in time", "error", err)
		}
	}
}

// send hands an item to a board's actor; false: there is no such board.
func (f *Fleet) send(id string, it *item) bool {
	c := f.roster.id(id)
	if c == nil {
		return false
	}
	pid := c.pid.Load()
	if pid == nil {
		return false
	}
	f.root.Send(pid, it)
	return true
}

// now is the wall clock.
func (f *Fleet) now() time.Time { return f.cfg.Clock() }

// scale divides a time by the speed of the simulation.
func (f *Fleet) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / f.cfg.Speed)
}

// fresh is randomness for a boot's token.
func fresh() (t board.Token) {
	_, _ = rand.Read(t[:]) // never fails: crypto/rand aborts the program instead
	return t
}

// Strangers are the MAC addresses that asked for a boot entry and belong to no board, the latest first.
func (f *Fleet) Strangers() []Stranger {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Stranger, 0, len(f.strangers))
	for mac, s := range f.strangers {
		if f.ByMAC(mac) == nil {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b Stranger) int {
		return -cmpOr(a.Last.Compare(b.Last), -strings.Compare(a.MAC, b.MAC))
	})
	return all
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// Stranger notes that a MAC address of no board asked for a boot entry. At most maxStrangers are kept; the one that
// has been silent longest makes room.
func (f *Fleet) Stranger(mac inventory.MAC, from netip.Addr, rack string) {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.strangers[mac]
	if s == nil {
		if len(f.strangers) >= maxStrangers {
			f.dropStranger()
		}
		s = &Stranger{MAC: mac.String(), First: now}
		f.strangers[mac] = s
	}
	s.From, s.Rack, s.Last = from.Unmap(), rack, now
	if s.Times < math.MaxInt {
		s.Times++
	}
}

func (f *Fleet) dropStranger() {
	var oldest inventory.MAC
	for mac, s := range f.strangers {
		if o := f.strangers[oldest]; o == nil || s.Last.Before(o.Last) {
			oldest = mac
		}
	}
	delete(f.strangers, oldest)
}
