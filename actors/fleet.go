package actors

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
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
	HealthEvery time.Duration // between two checks of a ready board; 0: never
	Recover     bool          // a ready board that fails its check gets a power cycle
	NewBoards   board.Want    // what is done with a board that the inventory brings: WantNothing, WantPowerCycle (verify), WantSelfTest
}

// Config says what a Fleet works with.
type Config struct {
	Journal persistence.Journal
	Logs    persistence.Logs // nil: silence
	Trails  Trails           // details of attempts; nil: none are kept
	Planner Planner
	Power   Power
	Probe   Prober
	Racks   map[string]RackRules
	Metrics *Metrics         // nil: silence
	Logger  *slog.Logger     // nil: silence
	Clock   func() time.Time // wall clock; nil: time.Now
	Speed   float64          // divides every time of the boards' lives, for simulated racks; 0: 1
	Epoch   uint64           // of this server's leases; 0: 1
	Relays  RelayLimits      // zero: the defaults, and idle relay boards are not tested
	// Told hears of each transition, once it is durable and published. It must not wait. nil: nobody is told.
	Told func(name, rack string, e Event)
	// Lease says whether this server may still switch the boards of a rack. It is asked immediately before each write to a
	// relay board; nil: always.
	Lease func(rack string) error
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
	born   time.Time
	beat   pulse
	wires  sync.Map // power line: wire
	// suspects are the images that are not to be put on boards of a hardware type, by imageOn: the incident's id.
	suspects sync.Map
	fates    fates
	cards    cards
	leaving  atomic.Pointer[map[string]bool] // ids of boards that are about to go
	aside    sync.WaitGroup                  // connections to relay boards and writes of incidents; Stop waits for them

	mu        sync.Mutex // of what follows
	racks     map[string]*rack
	relays    map[string]*actor.PID
	views     map[string]*relayState
	strangers map[inventory.MAC]*Stranger
	incidents incidents
}

// rack is what the boards of a rack share.
type rack struct {
	rules     RackRules
	places    *places
	crossings *crossings
	ears      ears
	checking  sync.Mutex // held by a check of the wiring
}

const (
	queueLimit  = 256              // inputs that wait behind one change of a board
	commitLimit = 10 * time.Second // after which a commit's outcome counts as unknown
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
	f := &Fleet{cfg: cfg, born: time.Now(), log: cfg.Logger, roster: newRoster(), racks: make(map[string]*rack), relays: make(map[string]*actor.PID),
		views: make(map[string]*relayState), strangers: make(map[inventory.MAC]*Stranger)}
	f.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return cfg.Logger.With("of", "actors") }))
	f.root = f.system.Root
	f.ctx, f.stop = context.WithCancel(context.Background())
	for name, rules := range cfg.Racks {
		f.racks[name] = f.newRack(name, rules)
	}
	return f
}

func (f *Fleet) newRack(name string, rules RackRules) *rack {
	f.cfg.Metrics.begin(name)
	if rules.BootsAtOnce <= 0 {
		rules.BootsAtOnce = 16
	}
	return &rack{rules: rules, crossings: newCrossings(f.scale(crossWindow)), places: newPlaces(rules.BootsAtOnce, func(id string) {
		f.send(id, &item{in: board.Input{Kind: board.Admitted}})
	})}
}

// rack finds a rack's shared things; a rack that the configuration does not name gets the defaults.
func (f *Fleet) rack(name string) *rack {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.racks[name]
	if !ok {
		r = f.newRack(name, RackRules{})
		f.racks[name] = r
	}
	return r
}

// Stop ends all actors. What is committed stays; what is in flight is answered by the journal or taken up again by
// the next start. Once Stop has returned no relay hears from this fleet any more, and the journal may be closed.
func (f *Fleet) Stop() {
	f.stop()
	var waits []actor.Future
	for _, c := range f.roster.maps.Load().sorted {
		if pid := c.pid.Load(); pid != nil { // a mirror's have none
			waits = append(waits, f.root.StopFuture(pid))
		}
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
	f.aside.Wait()
}

// Budget says how many boards of a rack may be between power-on and live environment now, how many are, and how many
// wait for their turn.
func (f *Fleet) Budget(rack string) (places, held, queued int) { return f.rack(rack).places.load() }

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
