package replica

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// Leader is the node that leads as far as this server knows; "" = none.
func (r *Replica) Leader() string {
	m, err := r.running()
	if err != nil {
		return ""
	}
	_, id := m.raft.LeaderWithID()
	return string(id)
}

// Progress is the term of this server's part in the group, the last entry of the log that it knows to be decided, and the
// last that it has carried out; all are 0 once it has failed.
func (r *Replica) Progress() (term, decided, applied uint64) {
	m, err := r.running()
	if err != nil {
		return 0, 0, 0
	}
	return m.raft.CurrentTerm(), m.raft.CommitIndex(), m.raft.AppliedIndex()
}

// Transfer hands the lead to another voter. Only the leader can.
func (r *Replica) Transfer(node string) error {
	m, err := r.running()
	if err != nil {
		return err
	}
	servers := r.Servers()
	i := slices.IndexFunc(servers, func(s raft.Server) bool { return string(s.ID) == node })
	switch {
	case i < 0:
		return fmt.Errorf("hand the lead to %s: %w: the group has no such server", node, persistence.ErrNotFound)
	case servers[i].Suffrage != raft.Voter:
		return fmt.Errorf("hand the lead to %s: %w: it has no vote; name a server that votes", node, persistence.ErrInvalid)
	}
	if err := m.raft.LeadershipTransferToServer(servers[i].ID, servers[i].Address).Error(); err != nil {
		return fmt.Errorf("hand the lead to %s: %w", node, outcome(err))
	}
	return nil
}

// Recover makes a group of one of the folder of a server that does not run:
// for when a majority of the voters is lost for good. What this copy has not
// carried out of the log is carried out; what only the lost ones had is gone.
// The others must begin with empty folders, and join.
func Recover(dir string, opt Options) (err error) {
	opt = opt.withDefaults()
	state, err := persistence.OpenState(dir, persistence.Options{Logger: opt.Logger, MinFree: opt.MinFree})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	raftDir := filepath.Join(dir, "raft")
	id, err := loadIdentity(raftDir, opt.Node, opt.Cluster)
	if err != nil {
		return err
	}
	stores, err := openStores(raftDir, opt.Logger)
	if err != nil {
		return fmt.Errorf("open log of journal in %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, stores.close()) }()
	begun, err := raft.HasExistingState(stores.wal, stores.wal, stores.snaps)
	if err != nil {
		return err
	}
	if !begun {
		return fmt.Errorf("recover journal in %s: %w: it is of no group; nothing needs to be recovered", dir, persistence.ErrInvalid)
	}
	machine, err := newMachine(state, opt)
	if err != nil {
		return err
	}
	var broken error
	machine.onFail, machine.full = func(err error) { broken = err }, func() {}
	l := aloneLink(id.Node)
	defer func() { err = errors.Join(err, l.close()) }()
	conf := config(id.Node, alone, opt.Logger)
	conf.NoSnapshotRestoreOnStart = machine.applied > 0 && !state.Torn()
	self := raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: raft.ServerID(id.Node), Address: l.transport.LocalAddr()}}}
	if err := raft.RecoverCluster(conf, machine, stores.wal, stores.wal, stores.snaps, l.transport, self); err != nil || broken != nil {
		return fmt.Errorf("recover journal in %s: %w", dir, errors.Join(err, broken))
	}
	return nil
}
