// Package keeper keeps the fleet equal to the sources of the inventory.
//
// It decides when sources are asked (a timer with jitter, and on demand), and
// carries a sync through: fetch, settle, plan, guard, store, apply. What it
// applied stands in the journal, so that a server that starts while a source is
// away has its boards. A plan that the guard stops waits there for a person.
//
// It refuses to change anything for a source that fails, is cut off, or is
// suddenly empty: the boards of such a source stay as they were while the
// others go on. The server makes one; httpapi shows it. The order of a sync is
// in DESIGN.md.
package keeper

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
	"mozpool/persistence"
)

// Source lists boards. Those of package source are.
type Source interface {
	Name() string
	Where() string
	Fetch(ctx context.Context) ([]inventory.Record, error)
}

// Journal is what a Keeper stores; persistence.Journal is one.
type Journal interface {
	PutDoc(ctx context.Context, d persistence.Doc) error
	DeleteDoc(ctx context.Context, kind, name string) error
	GetDoc(ctx context.Context, kind, name string) (persistence.Doc, error)
	ListDocs(ctx context.Context, kind, prefix string) ([]persistence.Doc, error)
}

// Config says what a Keeper works with. All but Logger and Clock are required.
type Config struct {
	Sources []Source
	Journal Journal
	Rules   func() plan.Rules // of the moment: hardware types may be reloaded
	// Apply makes the fleet equal to the boards.
	Apply func(ctx context.Context, boards []inventory.Spec) error
	// Leave has boards, by id, take no more wishes: they go as soon as they rest. nil: they go on taking them.
	Leave func(ids map[string]bool)
	// Forget removes all that is known of a board, by id, that was removed long ago (Kept). nil: it is kept for ever.
	Forget func(ctx context.Context, id string) error
	// Turn tells whether it is this server's turn to sync, where several share the journal. nil: it always is.
	Turn   func() bool
	Every  time.Duration    // between two syncs
	Logger *slog.Logger     // nil: silence
	Clock  func() time.Time // nil: time.Now
}

// Keeper keeps the fleet equal to its sources. Make it with Open.
type Keeper struct {
	cfg Config
	log *slog.Logger

	syncing sync.Mutex // held by a sync and by the applying of a plan
	asks    chan chan error
	news    chan struct{}

	mu      sync.Mutex // of what follows
	known   []inventory.Spec
	unsure  bool // the fleet may differ from known
	state   state
	pending *Pending
	sources []SourceStatus
	skips   []plan.Skip
	held    []plan.Skip
	next    time.Time
	counts  counts
	running bool
}

// Pending is a plan that waits for a person.
type Pending struct {
	plan.Plan
	At  time.Time `json:"at"`
	Why string    `json:"why"` // what the guard says
}

// SourceStatus is how a source fared last.
type SourceStatus struct {
	Name    string
	Where   string
	At      time.Time // of the last fetch; zero: none yet
	Good    time.Time // of the last fetch that gave a list
	Records int       // in that list
	Error   string    // of the last fetch; empty: it was good
}

// Status is how the inventory is.
type Status struct {
	Sources  []SourceStatus
	Boards   int
	LastGood time.Time // of the last sync in which every source answered; zero: none yet
	Next     time.Time // when the timer asks again
	Every    time.Duration
	Running  bool        // a sync is on its way
	Server   string      // that syncs, in a cluster; empty: none is known of, or there is one server
	Pending  *Pending    // nil: none
	Skips    []plan.Skip // records of the last sync that cannot be used
	Held     []plan.Skip // boards that have to stay as they are for now
}

// counts are for metrics.
type counts struct{ syncs, failures, added, changed, removed float64 }

// Open reads what was applied last. Boards returns it; nothing is fetched before Run or Sync.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Turn != nil {
		cfg.Journal = fenced{cfg.Journal, cfg.Turn}
	}
	k := &Keeper{cfg: cfg, log: cfg.Logger, asks: make(chan chan error), news: make(chan struct{}, 1)}
	for _, s := range cfg.Sources {
		k.sources = append(k.sources, SourceStatus{Name: s.Name(), Where: s.Where()})
	}
	if cfg.Turn == nil {
		if err := k.finish(ctx); err != nil {
			return nil, fmt.Errorf("finish the last plan of the inventory: %w", err)
		}
	}
	s, err := k.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the inventory from the journal: %w", err)
	}
	k.known, k.state, k.pending = s.known, s.state, s.pending
	k.leave()
	return k, nil
}

// Boards are those that were applied last, sorted by id.
func (k *Keeper) Boards() []inventory.Spec {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.known)
}

// Status says how the inventory is. What it returns is the caller's to read, not to change.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Status{Sources: slices.Clone(k.sources), Boards: len(k.known), LastGood: k.state.Good, Next: k.next, Every: k.cfg.Every, Running: k.running,
		Pending: k.pending, Skips: k.skips, Held: k.held}
}

// Run syncs at once, and then at each turn of the timer, until ctx ends. Where several servers share the journal, it does
// so while it is its turn. nil is an orderly end.
func (k *Keeper) Run(ctx context.Context) error {
	if k.cfg.Turn != nil {
		return k.share(ctx)
	}
	return k.keep(ctx)
}

// keep syncs at once, at each turn of the timer, when it is asked to, and when a board may change that could not before.
func (k *Keeper) keep(ctx context.Context) error {
	var asker chan error // nil: the timer
	for {
		err := k.Sync(ctx)
		if err != nil && ctx.Err() == nil {
			k.log.Error("inventory sync", "error", err)
		}
		if asker != nil {
			asker <- err
			asker = nil
		}
		k.stale()
		wait := jitter(k.cfg.Every)
		k.mu.Lock()
		k.next = k.cfg.Clock().Add(wait)
		k.mu.Unlock()
		if asker = k.idle(ctx, wait); ctx.Err() != nil {
			return nil
		}
	}
}

// idle waits for the next sync, and returns who asked for it; nil: nobody did.
func (k *Keeper) idle(ctx context.Context, wait time.Duration) (asker chan error) {
	timer, look := time.NewTimer(wait), time.NewTicker(looks)
	defer timer.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return nil
		case asker = <-k.asks:
			return asker
		case <-look.C:
			if k.freed() {
				return nil
			}
		}
	}
}

// looks is how often boards that could not change are looked at: they may rest by now.
const looks = 2 * time.Second

// Ask has Run sync now, and waits for what comes of it, but no longer than ctx: the sync goes on all the same.
func (k *Keeper) Ask(ctx context.Context) error {
	done := make(chan error, 1)
	late := &actors.Problem{Kind: actors.Unavailable, Text: "the sync is not over yet", Remedy: "look later: mozpool inventory status"}
	select {
	case k.asks <- done:
	case <-ctx.Done():
		return late
	}
	select {
	case err := <-done:
		if err != nil {
			return &actors.Problem{Kind: actors.Unavailable, Text: err.Error(), Remedy: "boards of a source that failed stay as they were; put it right, then: mozpool inventory sync"}
		}
		return nil
	case <-ctx.Done():
		return late
	}
}

// jitter spreads the servers of a site over a tenth of the period, so that they do not all ask at once.
func jitter(every time.Duration) time.Duration {
	return every - time.Duration(rand.Float64()*float64(every)/10)
}

// stale says it loudly when the truth is three periods old.
func (k *Keeper) stale() {
	k.mu.Lock()
	good, failed := k.state.Good, failures(k.sources)
	k.mu.Unlock()
	if age := k.cfg.Clock().Sub(good); !good.IsZero() && age > 3*k.cfg.Every {
		k.log.Error("the inventory is out of date: boards that came or went since are not known", "age", age.Round(time.Second), "failing", failed)
	}
}

// failures names the sources that failed, and why.
func failures(all []SourceStatus) string {
	var failed []string
	for _, s := range all {
		if s.Error != "" {
			failed = append(failed, s.Error)
		}
	}
	return strings.Join(failed, "\n")
}

// notPending is the answer to those who approve another plan than the one that waits.
func notPending(id string) error {
	return &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("plan %s does not wait for approval", id), Remedy: "look at the one that does: mozpool inventory plan"}
}
