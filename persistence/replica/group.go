package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// member is this server's part in the group while raft runs: from Open, or
// the last change of network, to Close.
type member struct {
	raft    *raft.Raft
	machine *machine
	stores  *stores
	link    link
	snap    chan struct{}
	quit    chan struct{}  // closed by stop; ends the shepherd
	tasks   sync.WaitGroup // the two goroutines
	first   []Server       // of Begin; under mu
	known   bool           // in the log are first and this server; under mu
	mu      sync.Mutex
}

// tempo is how patient a group is. One voter waits for nobody, so it may
// lead at once; raft cannot change these while it runs.
type tempo struct{ election, lease time.Duration }

var (
	alone    = tempo{election: 100 * time.Millisecond, lease: 100 * time.Millisecond}
	together = tempo{election: time.Second, lease: 500 * time.Millisecond}
)

func config(node string, t tempo, log *slog.Logger) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(node)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = t.election, t.election, t.lease
	c.BatchApplyCh, c.MaxAppendEntries = true, 512
	c.TrailingLogs = 1024
	// Snapshots are made by bytes of log (see machine.tell), not by entries.
	c.SnapshotThreshold, c.SnapshotInterval = 1<<62, 24*time.Hour
	c.NoLegacyTelemetry = true
	c.Logger = hcLogger(log)
	return c
}

// link is how a member is reached: in memory only, or over the network.
type link struct {
	transport raft.Transport
	tempo     tempo
	asker     *asker // nil = alone
	mute      func() // has raft say nothing more to others; it waits for nothing
	close     func() error
}

func aloneLink(node string) link {
	_, transport := raft.NewInmemTransport(raft.ServerAddress(node))
	return link{transport, alone, nil, func() {}, transport.Close}
}

func networkLink(n *Network, serve func(net.Conn), log *slog.Logger) link {
	x := newExchange(n, serve)
	a := &asker{idle: map[string][]net.Conn{}, dial: func(ctx context.Context, address string) (net.Conn, error) {
		return x.dial(ctx, address, forAsks)
	}}
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: x, MaxPool: 3, Timeout: raftTime, Logger: hcLogger(log),
	})
	return link{transport, together, a, func() { x.muted.Store(true) }, func() error {
		a.close()
		return errors.Join(x.Close(), transport.Close())
	}}
}

// startMember starts raft on a state. first is the configuration that a folder
// without one begins with; nil = wait to be added.
func startMember(dir string, state *persistence.State, opt Options, conf *raft.Config, l link, first *raft.Configuration, failed func(error)) (*member, error) {
	s, err := openStores(dir, opt.Logger)
	if err != nil {
		return nil, fmt.Errorf("open log of journal in %s: %w", dir, err)
	}
	m := &member{stores: s, link: l, snap: make(chan struct{}, 1), quit: make(chan struct{})}
	if m.machine, err = newMachine(state, opt); err == nil {
		m.machine.onFail = failed
		m.machine.full = func() { poke(m.snap) }
		err = m.begin(state, conf, l.transport, first)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start log of journal in %s: %w", dir, err), s.close(), l.close())
	}
	m.tasks.Go(func() { m.snapshots(opt.Logger) })
	return m, nil
}

func (m *member) begin(state *persistence.State, conf *raft.Config, transport raft.Transport, first *raft.Configuration) error {
	if err := m.seed(state, conf, transport, first); err != nil {
		return err
	}
	old, err := m.stores.hasSnapshot()
	if err != nil {
		return err
	}
	// The state is durable by itself; a snapshot is only restored over one
	// that was lost, or torn by a crash amid a restore.
	conf.NoSnapshotRestoreOnStart = !old || (m.machine.applied > 0 && !state.Torn())
	if state.Torn() && !old {
		return fmt.Errorf("a copy was being put in place when this server died, and there is no snapshot to begin anew from; restore from another server")
	}
	log := timedLog{m.stores.cache, m.machine.writes, m.machine.stall}
	m.raft, err = raft.NewRaft(conf, m.machine, log, m.stores.wal, m.stores.snaps, transport)
	return err
}

// seed gives a folder without a group its first configuration. What was
// stored before there was a log (a journal of one server, taken over) is made
// a snapshot that the log begins after, so that servers that join get it.
func (m *member) seed(state *persistence.State, conf *raft.Config, transport raft.Transport, first *raft.Configuration) error {
	begun, err := raft.HasExistingState(m.stores.wal, m.stores.wal, m.stores.snaps)
	if err != nil {
		return err
	}
	if first != nil && !begun {
		err = raft.BootstrapCluster(conf, m.stores.wal, m.stores.wal, m.stores.snaps, transport, *first)
		if err != nil {
			return fmt.Errorf("begin a group: %w", err)
		}
	}
	last, err := m.stores.wal.LastIndex()
	if err != nil || first == nil || m.machine.applied > 0 || last > 1 {
		return err
	}
	snapshot, err := m.stores.hasSnapshot()
	if err != nil || snapshot {
		return err
	}
	filled, err := filled(state)
	if err != nil || !filled {
		return err
	}
	return raft.RecoverCluster(conf, m.machine, m.stores.wal, m.stores.wal, m.stores.snaps, transport, *first)
}

// filled reports whether the state holds anything.
func filled(state *persistence.State) (is bool, err error) {
	err = state.View(func(tx persistence.KV) error {
		return tx.Scan(nil, false, func(_, _ []byte) bool { is = true; return false })
	})
	return is, err
}

// snapshots makes one whenever enough log came together; stop ends it.
func (m *member) snapshots(log *slog.Logger) {
	for range m.snap {
		err := m.raft.Snapshot().Error()
		if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) && !errors.Is(err, raft.ErrRaftShutdown) {
			log.Warn("journal: no snapshot could be made, the log grows", "err", err)
		}
	}
}

// stop ends raft and closes what it used. No Apply may be under way.
func (m *member) stop() error {
	close(m.quit)
	if m.link.asker != nil && m.raft.State() == raft.Leader {
		_ = m.raft.LeadershipTransfer().Error() // only spares the others an election
	}
	closing := m.link.close() // while raft runs, so that what it serves is answered
	err := m.raft.Shutdown().Error()
	close(m.snap) // after raft, which alone calls full
	m.tasks.Wait()
	return errors.Join(closing, err, m.stores.close())
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
