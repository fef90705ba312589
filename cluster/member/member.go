// Package member is one server's part in a cluster: gossip, the journal's
// group, leases and the streams between servers, opened and run together.
//
// It decides when a new group begins or this server joins one, who is told of
// which rack's servers, and where a server is asked. It refuses to touch
// boards or racks: package house starts and ends those by the leases that are
// had here. The server opens one when `cluster` is configured, or when its
// folder is of a group. DESIGN.md of package cluster tells the order.
package member

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/cluster"
	"mozpool/cluster/ask"
	"mozpool/cluster/certs"
	"mozpool/cluster/gossip"
	"mozpool/persistence"
	"mozpool/persistence/replica"
)

// Config of one server. Network nil = a server by itself, without a port.
type Config struct {
	Server  string // this server's node
	Journal string // folder of the journal
	// Racks names for each rack that this server may serve its servers, the preferred first.
	Racks map[string][]string
	// Duties name what this server is able to do for the whole cluster, and one server does: see Duty.
	Duties  []string
	Network *Network
	Version string // of the program, told to people
	// Observe hears every op that this server's copy carried out, after the leases did; Restored that the copy was
	// replaced. They must not wait.
	Observe  func(op persistence.Op, answer error)
	Restored func()
	// Trouble says why this server is of no use for a rack that it may serve, such as that its interface is down; empty:
	// it is. Asked each second. nil: it always is.
	Trouble func(rack string) string
	Clock   func() time.Time     // wall clock; nil: time.Now
	Metrics *persistence.Metrics // of the journal's writes; nil: nobody counts
	// Stall is a seam for tests: see replica.Options.
	Stall func()
	// Drain ends a rack's actors before it is handed over; Answer answers questions of other servers.
	Drain  func(ctx context.Context, rack string) error
	Answer ask.Handler
	// HoldOff is how long a preferred server must have been back before it is handed a rack; 0 = that of the leases.
	HoldOff time.Duration
	Logger  *slog.Logger // nil = silence
}

// Network is where this server and the others are.
type Network struct {
	Cluster string   // id
	Gossip  string   // host:port to listen on, UDP and TCP
	Streams string   // host:port to listen on, and where the others connect
	Join    []string // host:port of other servers' gossip
	Expect  int      // a new group begins when as many new servers are there; 0 = never, this one joins
	API     string   // URL, told to people
	Identity
}

// Member is a server's part in its cluster.
type Member struct {
	cfg     Config
	log     *slog.Logger
	journal *replica.Replica
	leases  *cluster.Leases
	streams *certs.Streams
	gossip  *gossip.Gossip // nil = by itself
	split   *split
	asked   *ask.Server
	asks    *ask.Client

	opened chan struct{} // closed once Open is over
	ran    bool          // Run closes gossip

	clocks    atomic.Pointer[map[string]time.Duration]
	unfitHere atomic.Pointer[map[string]string] // as this process last stored it; nil: it has stored nothing

	telling sync.Mutex // of what follows
	told    gossip.Member
	doors   map[string]netip.AddrPort
}

// Open opens the journal and binds what listens; Run does the rest. A server by itself can write as soon as Open
// returns, one of several once Run found the others.
func Open(ctx context.Context, cfg Config) (_ *Member, err error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	m := &Member{cfg: cfg, log: cfg.Logger, opened: make(chan struct{})}
	defer close(m.opened)
	m.leases = cluster.NewLeases(cluster.LeaseOptions{Server: cfg.Server, Orders: m.orders, Fit: m.fit, Heard: m.heard, Known: func(server string) bool { return m.knows(server) == nil }, Drain: cfg.Drain, HoldOff: cfg.HoldOff, Logger: cfg.Logger})
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	opt := replica.Options{Node: cfg.Server, Logger: cfg.Logger, Observe: m.observe, Restored: m.restored, Metrics: cfg.Metrics, Stall: cfg.Stall}
	if cfg.Network != nil {
		if opt.Network, err = m.listen(); err != nil {
			return nil, err
		}
		opt.Cluster = cfg.Network.Cluster
	}
	if m.journal, err = replica.Open(ctx, cfg.Journal, opt); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if cfg.Network != nil {
		return m, m.openGossip()
	}
	return m, nil
}

func (m *Member) observe(op persistence.Op, answer error) {
	m.leases.Observe(op, answer)
	m.cfg.Observe(op, answer)
}

// restored may come while the journal is still being opened, and may not wait.
func (m *Member) restored() {
	go func() {
		<-m.opened
		if m.journal != nil {
			m.leases.Restored(context.Background(), m.journal)
			m.cfg.Restored()
		}
	}()
}

// listen binds the streams, and sorts who connects: the log's servers, and those who ask.
func (m *Member) listen() (*replica.Network, error) {
	n := m.cfg.Network
	var err error
	if m.streams, err = certs.NewStreams(n.Own, n.Authority); err != nil {
		return nil, err
	}
	if err := n.owns(m.cfg.Server); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", n.Streams)
	if err != nil {
		return nil, fmt.Errorf("listen for the other servers: %w", err)
	}
	m.split = newSplit(m.streams.Listen(l), m.log)
	m.asks = ask.NewClient(m.streams.DialQuestions)
	m.asked = ask.NewServer(m.answer, func(c net.Conn) (string, error) { return m.streams.Node(c.(plain).Conn) }, m.log)
	return &replica.Network{Listener: m.split.log, Dial: m.streams.Dial, Address: l.Addr().String(), Node: m.streams.Node}, nil
}

func (m *Member) openGossip() (err error) {
	n, self := m.cfg.Network, m.journal.Self()
	m.told = gossip.Member{Node: m.cfg.Server, Address: self.Address, API: n.API, Instance: self.Instance, Fresh: len(m.journal.Servers()) == 0,
		Version: m.cfg.Version, Format: self.Format}
	for rack := range m.cfg.Racks {
		m.told.Racks = append(m.told.Racks, rack)
	}
	slices.Sort(m.told.Racks)
	m.gossip, err = gossip.Open(gossip.Options{Self: m.told, Cluster: n.Cluster, Bind: n.Gossip, Seeds: n.Join, Keys: n.Keys, Logger: m.log})
	return err
}

// UseKeys changes the keys of gossip while running; see gossip.Options.Keys. A server without others has none.
func (m *Member) UseKeys(keys [][]byte) error {
	if m.gossip == nil {
		return nil
	}
	return m.gossip.UseKeys(keys)
}

// Join looks for other servers at an address of their gossip, besides those of Network.Join. A server that is of no group
// then asks those that it finds to be taken in; one of a group only finds them again.
func (m *Member) Join(address string) error {
	if m.gossip == nil {
		return fmt.Errorf("%w: no cluster in this server's configuration", persistence.ErrInvalid)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%w: %q is no host:port of another server's gossip", persistence.ErrInvalid, address)
	}
	if err := m.gossip.Join(address); err != nil {
		return fmt.Errorf("%w: %w", persistence.ErrNotFound, err)
	}
	return nil
}

// Journal is this server's end of the group's journal.
func (m *Member) Journal() *replica.Replica { return m.journal }

// Leases are those of this server.
func (m *Member) Leases() *cluster.Leases { return m.leases }

// Run finds the others, keeps this server's session and answers questions, until ctx ends or this server must stop:
// its copy of the journal stopped, another process took its place, or the cluster refused it.
func (m *Member) Run(ctx context.Context) error {
	m.ran = true
	g, ctx := errgroup.WithContext(ctx)
	if m.cfg.Network != nil {
		g.Go(func() error { return m.gossip.Run(ctx) })
		g.Go(func() error { return m.asked.Serve(m.split.asks) })
		g.Go(func() error {
			<-ctx.Done()
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return m.asked.Close(grace)
		})
	}
	g.Go(func() error {
		select {
		case <-m.journal.Broken():
			return fmt.Errorf("this server's copy of the journal stopped: %w", m.journal.Err())
		case <-ctx.Done():
			return nil
		}
	})
	g.Go(func() error {
		if err := m.enter(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		g.Go(func() error { m.announceRacks(ctx); return nil })
		g.Go(func() error { m.keepFit(ctx); return nil })
		g.Go(func() error { m.compareClocks(ctx); return nil })
		return m.holdRacks(ctx)
	})
	return g.Wait()
}

// holdRacks keeps the session. That it could not begin before the server was told to stop is no error.
func (m *Member) holdRacks(ctx context.Context) error {
	err := m.leases.Run(ctx, m.journal)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Close lets go of everything. Nothing may run any more.
func (m *Member) Close() error {
	var errs []error
	if m.gossip != nil && !m.ran {
		ended, end := context.WithCancel(context.Background())
		end()
		errs = append(errs, m.gossip.Run(ended))
	}
	if m.journal != nil {
		errs = append(errs, m.journal.Close())
	}
	if m.split != nil {
		errs = append(errs, m.split.Close())
	}
	if m.asks != nil {
		m.asks.Close()
	}
	return errors.Join(errs...)
}
