// Package house has the boards of all racks of a cluster, wherever they live.
//
// It decides which racks' actors run here: those of the racks whose lease this
// server has, each rack with a fleet of its own that begins with the lease and
// ends before or with it. All other boards it shows as this server's copy of
// the journal has them, and hands what is asked of them to the server that
// holds their rack. It refuses to decide who that is (package cluster does),
// and to redirect anybody: whoever asks is answered by the server they asked.
//
// The server makes one in place of a fleet when it is of a cluster; API, boot
// files and callbacks work with it as they do with a fleet. DESIGN.md of
// package cluster tells the order of things.
package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/cluster/ask"
	"mozpool/persistence"
)

// Leases say what this server may touch. *cluster.Leases is one.
type Leases interface {
	// Racks are those granted to this server, with their epochs.
	Racks() map[string]uint64
	// Held answers whether this server may act on a rack now.
	Held(rack string) (epoch uint64, until time.Duration, ok bool)
	// Late are the servers that may emit one more command for a rack, which was granted away from them; see cluster.Leases.
	Late(rack string) []string
	// Silent is how long a server's session has not been renewed, as this server hears it.
	Silent(server string) time.Duration
	// Current says whether this server has heard what was decided before it began.
	Current() bool
	// Changed gets a value after Racks changed.
	Changed() <-chan struct{}
}

// Peers reach the other servers.
type Peers interface {
	// Holder is the server that holds a rack as far as is known here; "": none is known.
	Holder(rack string) (server string)
	// Others are all other servers of the cluster.
	Others() []string
	// Ask asks a server; errors are those of package ask.
	Ask(ctx context.Context, server string, q ask.Question, answer any) error
}

// Config says what a House works with.
type Config struct {
	Server string // this server
	Leases Leases
	Peers  Peers
	// Fleet is that of a rack's fleet; Epoch and Lease are set here, and Racks has all racks.
	Fleet actors.Config
	// Told hears of the transitions of all boards of the cluster. It must not wait. nil: nobody is told.
	Told func(name, rack string, e actors.Event)
	// Begun hears that a rack's actors run here from now on, and gets who tells whether the rack is held; Ended that they
	// are about to end. nil: nobody hears.
	Begun  func(rack string, held func() bool)
	Ended  func(rack string)
	Logger *slog.Logger // nil: silence
}

// House has the boards of all racks.
type House struct {
	cfg    Config
	log    *slog.Logger
	all    atomic.Pointer[actors.Fleet]       // as the journal has them; no actor lives there
	here   atomic.Pointer[map[string]*tenure] // racks whose actors run here, by name
	ending context.Context
	end    context.CancelFunc

	changing sync.Mutex // of here, specs and done: one beginning or end of a rack at a time
	specs    []inventory.Spec
	leaving  map[string]bool   // ids of boards that are about to go
	done     map[string]uint64 // racks that were drained: the epoch that is over

	feed    feed
	late    late
	ages    atomic.Pointer[map[string]time.Time] // by rack: see AsOf
	current bool                                 // at the last look; changing is held
	telling chan struct{}                        // one for each piece of evidence on its way to another server
}

// tenure is one rack's actors under one lease.
type tenure struct {
	rack  string
	epoch uint64
	fleet *actors.Fleet

	late bool      // somebody might be late at the last reading
	read time.Time // when the relays were read back last
}

// New makes a house without boards: Observe must hear the journal from now on, Load brings the boards, Run starts and
// ends racks.
func New(cfg Config) *House {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Begun == nil {
		cfg.Begun, cfg.Ended = func(string, func() bool) {}, func(string) {}
	}
	h := &House{cfg: cfg, log: cfg.Logger, done: make(map[string]uint64), feed: newFeed(), telling: make(chan struct{}, tellings), late: late{owed: make(map[string]uint64)}}
	h.here.Store(&map[string]*tenure{})
	h.ages.Store(&map[string]time.Time{})
	h.ending, h.end = context.WithCancel(context.Background())
	h.all.Store(h.empty())
	return h
}

func (h *House) empty() *actors.Fleet {
	cfg := h.cfg.Fleet
	cfg.Told, cfg.Metrics = h.cfg.Told, nil
	return actors.New(cfg)
}

// Load makes these the boards of the cluster. Those of racks that run here are told of what changed.
func (h *House) Load(ctx context.Context, specs []inventory.Spec) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	all := h.empty()
	release := h.feed.hold() // what comes in meanwhile is shown after it
	defer release()
	if err := all.Mirror(ctx, specs); err != nil {
		return err
	}
	h.specs = specs
	old := h.all.Swap(all)
	old.Stop()
	h.look()
	var errs []error
	for rack, t := range *h.here.Load() {
		errs = append(errs, t.fleet.Apply(ctx, of(specs, rack)))
	}
	return errors.Join(errs...)
}

// SetLeaving says which boards, by id, take no wishes any more.
func (h *House) SetLeaving(ids map[string]bool) {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.leaving = ids
	for _, t := range *h.here.Load() {
		t.fleet.SetLeaving(ids)
	}
}

// ByID finds a board of any rack by the id that the inventory gave it; nil: none.
func (h *House) ByID(id string) *actors.View { return h.all.Load().ByID(id) }

// of are the boards of one rack.
func of(specs []inventory.Spec, rack string) (boards []inventory.Spec) {
	for _, s := range specs {
		if s.Rack == rack {
			boards = append(boards, s)
		}
	}
	return boards
}

// Observe must hear every op that this server's copy of the journal carried out. It does not wait.
func (h *House) Observe(op persistence.Op, answer error) {
	if c, ok := persistence.Committed(op); ok && answer == nil {
		h.feed.add(c)
	}
}

// Restored must hear that this server's copy of the journal was replaced: everything is read again.
func (h *House) Restored() { h.feed.lost() }

// fleet is the rack's, if its actors run here.
func (h *House) fleet(rack string) *actors.Fleet {
	if t := (*h.here.Load())[rack]; t != nil {
		return t.fleet
	}
	return nil
}

// acting checks that this server may act on a rack now.
func (h *House) acting(rack string, epoch uint64) error {
	if now, _, ok := h.cfg.Leases.Held(rack); !ok || now != epoch {
		return fmt.Errorf("rack %s: this server does not hold it now", rack)
	}
	return nil
}

// unavailable tells somebody to come again.
func unavailable(format string, a ...any) *actors.Problem {
	return &actors.Problem{Kind: actors.Unavailable, Text: fmt.Sprintf(format, a...), Remedy: "ask again, with the same Idempotency-Key; mozpool cluster racks tells who holds the rack"}
}

// writes tells the evidence that opens the write gate.
func writes(e *actors.Evidence) bool { return e.Input.Kind == board.Writes }
