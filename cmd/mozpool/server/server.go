package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory/keeper"
	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi"
	"mozpool/httpapi/events"
	"mozpool/httpapi/mozpool1"
	"mozpool/httpapi/traces"
	v1 "mozpool/httpapi/v1"
	"mozpool/httpapi/webhook"
	"mozpool/netboot"
	"mozpool/netboot/dumps"
	"mozpool/netboot/images"
	"mozpool/netboot/images/janitor"
	"mozpool/netboot/images/uploads"
	"mozpool/netboot/probe"
	"mozpool/persistence"
	"mozpool/persistence/trail"
)

// Options are what a server is given beside its configuration.
type Options struct {
	Logger *slog.Logger     // nil: silence
	Level  *slog.LevelVar   // of the Logger; nil: it cannot be changed while the server runs
	Clock  func() time.Time // wall clock; nil: time.Now
	Stall  func()           // a seam for tests: called before each write to a cluster's journal; nil: none
	// Version and Commit are of the binary, for its metrics and the old API; empty: unknown.
	Version, Commit string
	// Speed divides every time of the boards' lives and the relay boards' rests; for simulated racks. 0: 1.
	Speed float64
}

// Server is one imaging server: opened by Open, serving with Run.
type Server struct {
	cfg       config.Config
	opts      Options
	log       *slog.Logger
	registry  *prometheus.Registry
	metrics   metrics
	journal   journal
	logs      persistence.Logs
	trails    *trail.Trails
	dumps     *dumps.Store // nil: boards may write none
	catalogue images.Published
	uploads   *uploads.Store
	janitor   *janitor.Janitor // of the store
	library   library          // the images of the API
	fleet     *actors.Fleet    // nil: of a cluster, see cluster
	boards    boards
	load      loader            // makes specs the boards
	racks     []*netboot.Server // sorted by name of the rack
	api       *httpapi.Server
	oldAPI    *httpapi.Server // nil: none
	doors     doors
	events    *events.Hub // of all boards
	owned     *events.Hub // of the boards whose actors run here
	webhooks  *webhook.Sender
	traces    *traces.Sender                // nil: nobody collects them
	inventory *keeper.Keeper                // nil: boards come from the boards file
	keeper    atomic.Pointer[keeper.Keeper] // the same, for those who hear of the journal before it is there
	closers   []func() error                // in the order of opening
	reloading sync.Mutex
	begun     time.Time
	stopping  chan struct{} // closed once Run stops, for whatever reason

	cluster    *clustered // nil: this server is by itself
	identity   member.Identity
	stopBoards func() // nil: there are none yet
}

// journal is what a server stores in: its own, or a cluster's.
type journal interface {
	persistence.Journal
	Ready(ctx context.Context) error
}

// boards are this server's own, or those of a cluster.
type boards interface {
	httpapi.Fleet
	mozpool1.Fleet
	netboot.Boards
	ByID(id string) *actors.View
}

// Open reads everything, binds every socket and takes every board up. Nothing is answered before Run. On an error
// everything is let go of again.
func Open(ctx context.Context, cfg config.Config, opts Options) (_ *Server, err error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Speed == 0 {
		opts.Speed = 1
	}
	s := &Server{cfg: cfg, opts: opts, log: opts.Logger, begun: opts.Clock(), registry: prometheus.NewRegistry(), events: events.New(), stopping: make(chan struct{})}
	s.library.s = s
	s.metrics, s.owned = newMetrics(s.registry, opts), s.events
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.store(ctx); err != nil {
		return nil, err
	}
	o, err := s.imagesFrom(ctx, imageOptions(cfg, s.log))
	if err != nil {
		return nil, err
	}
	l, err := readLists(cfg, o)
	if err != nil {
		return nil, configError{err}
	}
	for _, r := range l.remarks {
		s.log.Info("remark", "text", string(r))
	}
	s.publish(l.catalogue)
	if s.cluster != nil {
		s.openHouse()
	} else {
		s.openFleet()
	}
	if err := s.openInventory(ctx, &l); err != nil {
		return nil, err
	}
	if err := s.bind(); err != nil {
		return nil, err
	}
	if err := s.load(ctx, l.specs); err != nil {
		return nil, err
	}
	if s.fleet != nil {
		s.load = s.fleet.Apply
	}
	return s, nil
}

// configError is an error of what people wrote.
type configError struct{ error }

// ExitCode is that of usage and configuration.
func (configError) ExitCode() int { return 2 }

// Unwrap gives the problems.
func (e configError) Unwrap() error { return e.error }

func (s *Server) fleetConfig() actors.Config {
	c := actors.Config{Journal: s.journal, Logs: s.logs, Trails: s.trails, Planner: netboot.Planner{Catalogue: &s.catalogue}, Power: relays{s.opts.Speed},
		Probe: probe.Look, Racks: make(map[string]actors.RackRules), Metrics: s.metrics.boards, Logger: s.log, Clock: s.opts.Clock, Speed: s.opts.Speed,
		Relays: actors.RelayLimits{Sessions: s.cfg.Relays.Sessions, Boards: s.cfg.Relays.Boards, Window: s.cfg.Relays.Window.Std(), Test: s.cfg.Relays.Test.Std()}}
	c.Told = s.told
	for name, r := range s.cfg.Racks {
		c.Racks[name] = actors.RackRules{BootsAtOnce: r.BootsAtOnce, PowerOnGap: r.PowerOnGap.Std(),
			FailedOff:   r.FailedPowerState == config.FailedPowerOff,
			HealthEvery: r.Health.Every.Std(), Recover: r.Health.OnFailure == config.OnFailureRecover, NewBoards: newBoards[r.NewBoards]}
	}
	return c
}

// newBoards says what is asked of a board that the inventory brings.
var newBoards = map[config.NewBoards]board.Want{
	config.NewBoardsWait: board.WantNothing, config.NewBoardsVerify: board.WantPowerCycle, config.NewBoardsSelfTest: board.WantSelfTest,
}

// bind binds every socket.
func (s *Server) bind() error {
	var shown []v1.Rack
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Racks)) {
		r := s.cfg.Racks[name]
		n, err := netboot.Listen(netboot.Config{Rack: name, Listen: r.Listen.Addr, Address: r.BoardAddress(), Others: s.othersOf(name), HTTP: r.Ports.HTTP, TFTP: r.Ports.TFTP,
			Syslog: r.Ports.Syslog, Files: s.cfg.Files, Bare: r.BareCallbacks, Boards: s.boards, Catalogue: &s.catalogue, Logs: s.logs, Dumps: s.dumps,
			Metrics: s.metrics.racks, Logger: s.log, Clock: s.opts.Clock})
		if err != nil {
			return err
		}
		s.racks = append(s.racks, n)
		s.closers = append(s.closers, n.Close)
		shown = append(shown, rackOf(name, r, n.Addrs()))
	}
	return s.bindAPI(shown)
}

func (s *Server) bindAPI(racks []v1.Rack) error {
	if err := s.openDoors(); err != nil {
		return err
	}
	if err := s.openWebhooks(); err != nil {
		return err
	}
	s.openTraces()
	c := httpapi.Config{Listen: s.cfg.API.Listen, Fleet: s.boards, Artifacts: s.uploads, Imports: s.imports(), Store: s.janitor, Library: &s.library, Logs: s.allLogs(), Racks: racks, Logger: s.log, Level: s.opts.Level, Clock: s.opts.Clock,
		Catalogue: func() httpapi.Catalogue { return s.catalogue.Get() }, Reload: s.Reload, NotReady: s.notReady, Remarks: s.remarks, Old: s.old(), Events: s.events, Webhooks: s.webhooks.Hooks, Cluster: s.clusterFace(), Info: s.info, Backup: s.Backup, Metrics: s.registry}
	if s.dumps != nil {
		c.Dumps = s.dumps
	}
	if s.inventory != nil {
		c.Inventory = s.inventory
		if s.cfg.Cluster.Enabled() {
			c.Inventory = sharedInventory{s}
		}
	}
	s.doors.guard(&c)
	s.api = httpapi.New(c)
	if err := s.api.Listen(); err != nil {
		return err
	}
	s.closers = append(s.closers, s.api.Close)
	return s.bindOld(c)
}

// APIURL is where people and programs reach the server.
func (s *Server) APIURL() string { return s.api.URL() }

// Fleet are the server's boards; nil for a server of a cluster, where racks come and go.
func (s *Server) Fleet() *actors.Fleet { return s.fleet }

// Racks are the racks served, each with where boards reach it.
func (s *Server) Racks() map[string]netboot.Addrs {
	all := make(map[string]netboot.Addrs, len(s.racks))
	for i, name := range slices.Sorted(maps.Keys(s.cfg.Racks)) {
		all[name] = s.racks[i].Addrs()
	}
	return all
}

// ReadyLine is what "serve" prints once every socket is bound.
func (s *Server) ReadyLine() string {
	return fmt.Sprintf("ready api=%s racks=%s", s.APIURL(), strings.Join(slices.Sorted(maps.Keys(s.cfg.Racks)), ","))
}

// Run serves until ctx ends, then stops in order. nil is an orderly end.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range s.racks {
		g.Go(func() error { return r.Run(ctx) })
	}
	g.Go(func() error { return s.webhooks.Run(ctx) })
	if s.traces != nil {
		g.Go(func() error { return s.traces.Run(ctx) })
	}
	if s.inventory != nil {
		watch := s.inventory.Watch(s.inventoryFiles()...) // before the first sync reads them
		g.Go(func() error { return s.inventory.Run(ctx) })
		g.Go(func() error { return watch.Run(ctx) })
	}
	g.Go(func() error { return s.janitor.Run(ctx) })
	g.Go(func() error { return s.api.Run(ctx) })
	if s.oldAPI != nil {
		g.Go(func() error { return s.oldAPI.Run(ctx) })
	}
	leave := s.runCluster(ctx, g)
	err := g.Wait() // 1. nobody is answered any more, so nothing new comes in
	close(s.stopping)
	s.log.Info("stopping", "error", err)
	return errors.Join(err, leave(), s.close())
}

// Stopping is closed once Run has begun to stop, for whatever reason; what is left to do may hang, as on a disk that is
// stuck.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// Close lets go of a server that does not run. Nothing is left to do after Run.
func (s *Server) Close() error { return s.close() }

// close lets go of everything, outermost first: actors before the journal that they commit to.
func (s *Server) close() error {
	if s.stopBoards != nil {
		s.stopBoards() // 2. no limit fires, no relay is switched; what is in flight is answered
	}
	var errs []error
	for _, c := range slices.Backward(s.closers) { // 3. listeners that never ran; 4. logs; 5. the journal, which syncs
		if err := c(); err != nil && !isClosed(err) {
			errs = append(errs, err)
		}
	}
	s.closers = nil
	return errors.Join(errs...)
}

func rackOf(name string, r config.Rack, a netboot.Addrs) v1.Rack {
	return v1.Rack{Name: name, Servers: r.Servers, Listen: a.HTTP.String(), BootsAtOnce: r.BootsAtOnce}
}

// isClosed says that a listener was closed already, by its own Run.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
