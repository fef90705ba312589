// Package replica is the journal of one server or of a group of them: every
// write goes through one log (hashicorp/raft), in one order, and is carried
// out on each server's own copy.
//
// It decides the order of writes, when one is durable (on the disks of a
// majority of the voters, which for a server by itself is its own), and what
// a server that was away must still carry out. It refuses to decide who owns
// a rack (package lease has the rules, the log only keeps them), and stores
// nothing while it knows no majority. A server by itself needs no
// configuration and opens no port.
//
// The server opens one in place of persistence.OpenLocal, whose folder it
// takes over. DESIGN.md beside this file tells the order of things.
package replica

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// Replica is a persistence.Journal whose writes go through the log.
type Replica struct {
	persistence.Core
	opt   Options
	dir   string
	id    identity
	state *persistence.State

	queue  chan *request
	slots  chan struct{} // one token for each entry under way
	stop   chan struct{} // closed by Close; ends the proposer
	done   chan struct{} // closed by the proposer when it ended
	ending sync.Once
	halted error // how raft ended; written once, by halt

	mu     sync.RWMutex // guards member against being replaced
	member *member
	failed error // this server's copy stopped
	broken chan struct{}
}

// Open opens or makes the journal in dir. By itself (no Options.Network) a
// server can write as soon as Open returns; with others, once Ready says so,
// and an empty folder waits for Begin or Join. A folder of
// persistence.OpenLocal's is taken over, with all that it holds; that version
// then refuses it.
func Open(ctx context.Context, dir string, opt Options) (*Replica, error) {
	opt = opt.withDefaults()
	state, err := persistence.OpenState(dir, persistence.Options{Logger: opt.Logger, MinFree: opt.MinFree})
	if err != nil {
		return nil, err
	}
	r, err := open(dir, state, opt)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	if opt.Network != nil {
		return r, nil
	}
	if err := r.waitLeader(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func open(dir string, state *persistence.State, opt Options) (*Replica, error) {
	id, err := loadIdentity(filepath.Join(dir, "raft"), opt.Node, opt.Cluster)
	if err != nil {
		return nil, err
	}
	r := &Replica{opt: opt, dir: dir, id: id, state: state,
		queue: make(chan *request, queueSize), slots: make(chan struct{}, inFlight),
		stop: make(chan struct{}), done: make(chan struct{}), broken: make(chan struct{})}
	r.Core = persistence.NewCore(r)
	r.mu.Lock() // a write may fail before member is set
	defer r.mu.Unlock()
	if err := r.start(); err != nil {
		return nil, err
	}
	go r.propose()
	return r, nil
}

// start begins this server's part; mu is held.
func (r *Replica) start() error {
	l := aloneLink(r.id.Node)
	if r.opt.Network != nil {
		l = networkLink(r.opt.Network, r.serve, r.opt.Logger)
	}
	self := &raft.Configuration{Servers: []raft.Server{{
		Suffrage: raft.Voter, ID: raft.ServerID(r.id.Node), Address: l.transport.LocalAddr(),
	}}}
	filled, err := filled(r.state)
	if err != nil {
		return errors.Join(err, l.close())
	}
	if r.opt.Network != nil && !filled {
		self = nil // others may already be a group
	}
	conf := config(r.id.Node, l.tempo, r.opt.Logger)
	m, err := startMember(filepath.Join(r.dir, "raft"), r.state, r.opt, conf, l, self, r.fail)
	if err != nil {
		return err
	}
	if l.asker != nil {
		m.tasks.Go(func() { r.shepherd(m) })
	}
	r.member = m
	return nil
}

// Connect takes a server by itself among others: raft is closed and opened
// again over the network, with a group's patience. Writes wait meanwhile.
func (r *Replica) Connect(n *Network) error {
	if r.opt.Network != nil {
		return fmt.Errorf("connect journal in %s: it has a network already", r.dir)
	}
	for range inFlight { // none under way, none begun
		r.slots <- struct{}{}
		defer func() { <-r.slots }()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return stopped(r.failed)
	}
	if err := r.member.stop(); err != nil {
		return fmt.Errorf("close the log of journal in %s: %w", r.dir, err)
	}
	r.opt.Network = n
	return r.start()
}

// Begin makes a group of servers that are all new; it must be called on each
// of them with the same. One that holds anything, or is of a group already,
// refuses. One whom another that was earlier has asked for its vote is told
// by that one what they begin with.
func (r *Replica) Begin(servers []Server) error {
	m, err := r.running()
	if err != nil {
		return err
	}
	if filled, err := filled(r.state); err != nil || filled {
		return errors.Join(err, fmt.Errorf("begin a group: folder %s holds boards already; start this server without expect and have the others join it", r.dir))
	}
	conf := first(servers)
	for _, s := range conf.Servers {
		if string(s.ID) == r.id.Node && s.Suffrage != raft.Voter {
			return nil // what the voters begin comes to it; raft begins on those only
		}
	}
	m.mu.Lock()
	m.first = servers
	m.mu.Unlock()
	err = m.raft.BootstrapCluster(conf).Error()
	if errors.Is(err, raft.ErrCantBootstrap) && len(r.Servers()) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("begin a group of %d: %w", len(servers), err)
	}
	return nil
}

// Node is this server's name in the group.
func (r *Replica) Node() string { return r.id.Node }

// Leads reports whether this server leads the group, as far as it knows.
func (r *Replica) Leads() bool {
	m, err := r.running()
	return err == nil && m.raft.State() == raft.Leader
}

// waitLeader returns once all of the log that was there is carried out and
// writing works.
func (r *Replica) waitLeader(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := r.Ready(ctx)
		if !errors.Is(err, persistence.ErrUnavailable) || r.Err() != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the journal in %s: %w: %w", r.dir, context.Cause(ctx), err)
		}
	}
}

// Ready says whether a change would be stored now: nil, ErrUnavailable, or
// ErrUnknown if nobody answered before ctx ended. It goes the way of every
// write, through the log.
func (r *Replica) Ready(ctx context.Context) error {
	if err := r.Write(ctx, persistence.Nothing()); err != nil {
		return fmt.Errorf("journal stores nothing: %w", err)
	}
	return nil
}

// Read implements persistence.Store on this server's own copy.
func (r *Replica) Read(ctx context.Context, fn func(persistence.KV) error) error {
	if ctx.Err() != nil {
		return notHandedOver(ctx)
	}
	return r.state.View(fn)
}

// fail stops this server's part: it leaves the log to the others, and answers
// ErrUnavailable until it is opened again.
func (r *Replica) fail(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return
	}
	r.failed = cause
	r.opt.Logger.Error("journal: a write failed on this server's disk, its copy stopped; restart when the disk is well", "folder", r.dir, "err", cause)
	close(r.broken)
	go func() { _ = r.halt() }() // its error is Close's to tell
}

// Broken is closed when this server's copy stopped; Err then says why. Only a
// restart goes on, from the last entry that was carried out.
func (r *Replica) Broken() <-chan struct{} { return r.broken }

// Err is why the copy stopped; nil = it did not.
func (r *Replica) Err() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.failed
}

// Close implements persistence.Journal: what is queued is answered first.
func (r *Replica) Close() error {
	return errors.Join(r.halt(), r.state.Close())
}

// halt ends the part in the log; the copy can still be read.
func (r *Replica) halt() error {
	r.ending.Do(func() {
		close(r.stop)
		<-r.done
		r.halted = r.member.stop()
	})
	return r.halted
}
