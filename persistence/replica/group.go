package replica

import (
	"errors"
	"fmt"
	"log/slog"
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
	close   func() error // the transport
	snap    chan struct{}
	done    chan struct{} // closed when the snapshot goroutine ended
}

// tempo is how patient a group is. One voter waits for nobody, so it may
// lead at once; raft cannot change these while it runs.
type tempo struct{ election, lease time.Duration }

var alone = tempo{election: 100 * time.Millisecond, lease: 100 * time.Millisecond}

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
	close     func() error
}

func aloneLink(node string) link {
	_, transport := raft.NewInmemTransport(raft.ServerAddress(node))
	return link{transport, alone, transport.Close}
}

// startMember starts raft on a state. first is the configuration that a folder
// without one begins with; nil = wait to be added.
func startMember(dir string, state *persistence.State, opt Options, conf *raft.Config, l link, first *raft.Configuration, failed func(error)) (*member, error) {
	s, err := openStores(dir, opt.Logger)
	if err != nil {
		return nil, fmt.Errorf("open log of journal in %s: %w", dir, err)
	}
	m := &member{stores: s, close: l.close, snap: make(chan struct{}, 1), done: make(chan struct{})}
	if m.machine, err = newMachine(state, opt); err == nil {
		m.machine.onFail = failed
		m.machine.full = func() { poke(m.snap) }
		err = m.begin(state, conf, l.transport, first)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start log of journal in %s: %w", dir, err), s.close(), l.close())
	}
	go m.snapshots(opt.Logger)
	return m, nil
}

func (m *member) begin(state *persistence.State, conf *raft.Config, transport raft.Transport, first *raft.Configuration) error {
	if err := m.seed(conf, transport, first); err != nil {
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
	m.raft, err = raft.NewRaft(conf, m.machine, m.stores.cache, m.stores.wal, m.stores.snaps, transport)
	return err
}

// seed gives a folder without a group its first configuration. What was
// stored before there was a log (a journal of one server, taken over) is made
// a snapshot that the log begins after, so that servers that join get it.
func (m *member) seed(conf *raft.Config, transport raft.Transport, first *raft.Configuration) error {
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
	if first == nil || m.machine.applied > 0 {
		return nil
	}
	snapshot, err := m.stores.hasSnapshot()
	if err != nil || snapshot {
		return err
	}
	filled, err := m.machine.filled()
	if err != nil || !filled {
		return err
	}
	return raft.RecoverCluster(conf, m.machine, m.stores.wal, m.stores.wal, m.stores.snaps, transport, *first)
}

// filled reports whether the state holds anything.
func (m *machine) filled() (is bool, err error) {
	err = m.state.View(func(tx persistence.KV) error {
		return tx.Scan(nil, false, func(_, _ []byte) bool { is = true; return false })
	})
	return is, err
}

// snapshots makes one whenever enough log came together; stop ends it.
func (m *member) snapshots(log *slog.Logger) {
	defer close(m.done)
	for range m.snap {
		err := m.raft.Snapshot().Error()
		if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) && !errors.Is(err, raft.ErrRaftShutdown) {
			log.Warn("journal: no snapshot could be made, the log grows", "err", err)
		}
	}
}

// stop ends raft and closes what it used. No Apply may be under way.
func (m *member) stop() error {
	err := m.raft.Shutdown().Error()
	close(m.snap) // after raft, which alone calls full
	<-m.done
	return errors.Join(err, m.close(), m.stores.close())
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
