package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// Log is the journal's log, as leases need it: replica.Replica is one.
type Log interface {
	Write(ctx context.Context, op persistence.Op) error
	Read(ctx context.Context, fn func(persistence.KV) error) error
	Leads() bool
}

// LeaseOptions of one server. The zero value of a field is its default.
type LeaseOptions struct {
	// Server is this server's node name in the log's group.
	Server string
	// Orders names for each rack the servers that may serve it, the preferred
	// first. It is asked several times a second.
	Orders func() map[string][]string
	// Drain ends all effects on a rack and commits what is known of them,
	// before the rack is handed to a preferred server; nil = racks are kept.
	Drain func(ctx context.Context, rack string) error
	// Fit says whether a server is of use for a rack, as it last said itself. A
	// holder that is not lets go of the rack if another lives that is; nil = all are.
	Fit func(rack, server string) bool
	// Heard says whether a server seems to be there, by other means than the log:
	// to a holder whose disk is stuck, everybody is silent in the log. Only who
	// may be handed a rack is decided by it, not who is granted one; nil = none is.
	Heard func(server string) bool
	// Known says whether the cluster has a server. One that was removed from it is over, on a person's word; nil = all are.
	Known func(server string) bool
	// HoldOff is how long a preferred server must have been back without a
	// gap; default 60 s.
	HoldOff time.Duration
	// Logger hears of racks won, lost and handed over; nil = silence.
	Logger *slog.Logger
	// Clock is CLOCK_BOOTTIME, replaced by tests; nil = the real one.
	Clock func() time.Duration
}

// Leases holds the racks that this server was granted. Make it before the
// log, whose Observe and Restored it must hear; then let Run run.
type Leases struct {
	opt     LeaseOptions
	book    atomic.Pointer[lease.Book] // nil until the session begins
	changed chan struct{}

	mu      sync.Mutex
	watch   *lease.Watch
	late    *lease.Late
	renewed map[string]time.Duration // when a server's last renewal was carried out here
	born    time.Duration
	handing map[string]bool
}

// NewLeases holds nothing yet.
func NewLeases(opt LeaseOptions) *Leases {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.HoldOff == 0 {
		opt.HoldOff = time.Minute
	}
	if opt.Clock == nil {
		opt.Clock = lease.Boottime
	}
	if opt.Fit == nil {
		opt.Fit = func(string, string) bool { return true }
	}
	if opt.Known == nil {
		opt.Known = func(string) bool { return true }
	}
	if opt.Heard == nil {
		opt.Heard = func(string) bool { return false }
	}
	return &Leases{opt: opt, watch: lease.NewWatch(), late: lease.NewLate(), renewed: map[string]time.Duration{}, born: opt.Clock(), changed: make(chan struct{}, 1), handing: map[string]bool{}}
}

// String names the task.
func (l *Leases) String() string { return "leases of " + l.opt.Server }

// Held answers whether this server may act on a rack now, under which epoch,
// and until when by Clock. It never waits; ask immediately before each act.
func (l *Leases) Held(rack string) (epoch uint64, until time.Duration, ok bool) {
	b := l.book.Load()
	if b == nil {
		return 0, 0, false
	}
	return b.Held(rack, l.opt.Clock())
}

// Live reports whether a server's session is renewed, as this server's copy
// of the log hears it.
func (l *Leases) Live(server string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watch.Live(server, l.opt.Clock())
}

// Silent is how long a server's session has not been renewed, as this server's copy of the log hears it; of one that was
// never heard, how long this process has listened. Other than with Live, leading or not makes no difference.
func (l *Leases) Silent(server string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, heard := l.renewed[server]
	if !heard {
		since = l.born
	}
	return l.opt.Clock() - since
}

// Current says whether this server's copy of the log has what was decided before this process began. Until then it may be
// as old as the process before.
func (l *Leases) Current() bool {
	b := l.book.Load()
	return b != nil && b.Begun()
}

// Late are the servers from which a rack was granted away in silence, and which are not known to be over or to have heard
// of it since: each may emit one more command for it when it wakes.
func (l *Leases) Late(rack string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(l.late.Servers(rack), func(server string) bool { return server == l.opt.Server || !l.opt.Known(server) })
}

func (l *Leases) know(s lease.State) {
	orders := l.opt.Orders()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late.Know(s, orders)
}

// Racks are those granted to this server, with their epochs. The grant is in
// this server's own copy by then. The map must not be changed.
func (l *Leases) Racks() map[string]uint64 {
	if b := l.book.Load(); b != nil {
		return b.Racks()
	}
	return nil
}

// Changed gets a value after Racks changed; several changes may be one.
func (l *Leases) Changed() <-chan struct{} { return l.changed }

// Observe must hear every op that this server's copy carried out.
func (l *Leases) Observe(op persistence.Op, answer error) {
	l.mu.Lock()
	l.watch.Observe(op, answer, l.opt.Clock())
	l.late.Observe(op, answer)
	if r, ok := op.(lease.Renew); ok && answer == nil {
		l.renewed[r.Server] = l.opt.Clock()
	}
	l.mu.Unlock()
	if b := l.book.Load(); b != nil {
		l.telling(b, func() { b.Observe(op, answer) })
	}
}

// telling pokes Changed if the racks are others after do.
func (l *Leases) telling(b *lease.Book, do func()) {
	before := b.Racks()
	do()
	if maps.Equal(before, b.Racks()) {
		return
	}
	l.opt.Logger.Info("cluster: racks of this server changed", "before", before, "now", b.Racks())
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Restored must hear that this server's copy was replaced.
func (l *Leases) Restored(ctx context.Context, log Log) {
	if b := l.book.Load(); b != nil {
		if s, err := state(ctx, log); err == nil {
			l.know(s)
			l.telling(b, func() { b.Reload(s) })
		}
	}
}

func state(ctx context.Context, log Log) (s lease.State, err error) {
	err = log.Read(ctx, func(tx persistence.KV) (err error) {
		s, err = lease.Read(tx)
		return err
	})
	return s, err
}

// Run begins a session and renews it, grants racks while this server leads,
// and hands racks back, until ctx ends or another process takes this one's
// place, which is an error.
func (l *Leases) Run(ctx context.Context, log Log) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if err := l.begin(ctx, log); err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { every(ctx, lease.Every, func() { all.Go(func() { l.renew(ctx, log, stop) }) }) })
	all.Go(func() { l.lead(ctx, log) })
	all.Go(func() { every(ctx, lease.Every, func() { l.handOn(ctx, log, &all) }) })
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", l, err)
	}
	return nil
}

func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

// begin stores the first renewal of a new incarnation. This server's copy may
// be behind at first: then its number is taken, and it tries a higher one.
func (l *Leases) begin(ctx context.Context, log Log) error {
	for {
		s, err := state(ctx, log)
		if err == nil {
			l.know(s)
			b := lease.NewBook(l.opt.Server, s.Sessions[l.opt.Server])
			l.book.Store(b)
			if err = l.write(ctx, log, b.Renewal(l.opt.Clock())); err == nil {
				return nil
			}
		}
		select {
		case <-time.After(lease.Every / 4):
		case <-ctx.Done():
			return fmt.Errorf("begin session of %s: %w: %w", l.opt.Server, context.Cause(ctx), err)
		}
	}
}

// write gives up when what it says is too old to matter.
func (l *Leases) write(ctx context.Context, log Log, op persistence.Op) error {
	ctx, cancel := context.WithTimeout(ctx, lease.L-lease.W)
	defer cancel()
	return log.Write(ctx, op)
}

// renew sends one renewal; the answer counts by way of Observe only.
func (l *Leases) renew(ctx context.Context, log Log, stop context.CancelCauseFunc) {
	err := l.write(ctx, log, l.book.Load().Renewal(l.opt.Clock()))
	if lease.Over(err) {
		stop(err)
	}
}
