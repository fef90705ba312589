// Package gossip knows which servers of a cluster are there, and where.
//
// It decides who counts as alive, and keeps looking for servers that it once
// knew. It refuses to decide anything that matters: what it says is a hint
// for finding each other and for operators, late and at times wrong; a server
// that was frozen comes back beside its replacement, and both look alive.
// Leases and votes are decided in the log.
//
// The server opens one when it has others.
package gossip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// Options of one server. The zero value of a field is its default.
type Options struct {
	// Self is told to the others. Node and Address must be set.
	Self Member
	// Cluster is the cluster's id: packets of other clusters are not read.
	Cluster string
	// Bind is host:port to listen on, UDP and TCP; port 0 = any free one.
	Bind string
	// Seeds are host:port of servers to begin with.
	Seeds []string
	// Keys encrypt all packets, 16, 24 or 32 bytes each: the first is used,
	// the others are understood. To change a key: add the new one as second
	// everywhere, then make it first everywhere, then drop the old one.
	Keys [][]byte
	// Again is the time between two looks for servers that are missing, give
	// or take a half; default 7 s.
	Again time.Duration
	// Logger hears who came and went; nil = silence.
	Logger *slog.Logger
}

// Gossip is a server's view of who is there.
type Gossip struct {
	opt     Options
	list    *memberlist.Memberlist
	keys    *memberlist.Keyring
	self    delegate
	view    atomic.Pointer[[]Member]
	events  *events
	changed chan struct{}
}

// Open begins to listen; Run does the rest.
func Open(opt Options) (*Gossip, error) {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Again == 0 {
		opt.Again = 7 * time.Second
	}
	if len(opt.Keys) == 0 || opt.Cluster == "" || opt.Self.Node == "" {
		return nil, errors.New("gossip: a node, a cluster id and at least one key are needed")
	}
	meta, err := opt.Self.encode()
	if err != nil {
		return nil, err
	}
	g := &Gossip{opt: opt, changed: make(chan struct{}, 1),
		events: &events{alive: map[string]copied{}, stale: make(chan struct{}, 1)}}
	g.view.Store(&[]Member{})
	g.self.meta.Store(&meta)
	if g.keys, err = memberlist.NewKeyring(opt.Keys, opt.Keys[0]); err != nil {
		return nil, fmt.Errorf("gossip: keys: %w", err)
	}
	conf, err := g.config()
	if err != nil {
		return nil, err
	}
	if g.list, err = memberlist.Create(conf); err != nil {
		return nil, fmt.Errorf("gossip: listen on %s: %w", opt.Bind, err)
	}
	g.look()
	return g, nil
}

// config: a death is declared after 2 to 3 s rather than 4 to 6, since L is 4.
func (g *Gossip) config() (*memberlist.Config, error) {
	host, port, err := net.SplitHostPort(g.opt.Bind)
	if err != nil {
		return nil, fmt.Errorf("gossip: address %q: %w", g.opt.Bind, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("gossip: port of %q: %w", g.opt.Bind, err)
	}
	c := memberlist.DefaultLANConfig()
	c.Name, c.Label, c.Keyring = g.opt.Self.Node, g.opt.Cluster, g.keys
	c.BindAddr, c.BindPort, c.AdvertisePort = host, int(number), 0
	c.ProbeInterval, c.ProbeTimeout, c.SuspicionMult = 500*time.Millisecond, 250*time.Millisecond, 3
	c.DeadNodeReclaimTime = 30 * time.Second
	c.Delegate, c.Events = &g.self, g.events
	c.Logger = log.New(io.Discard, "", 0) // who comes and goes is told by look
	return c, nil
}

// Address is where the others reach this server's gossip.
func (g *Gossip) Address() string { return g.list.LocalNode().Address() }

// Members are those alive, this server among them, by node. It never waits;
// the slice must not be changed.
func (g *Gossip) Members() []Member { return *g.view.Load() }

// Tell says something else of this server from now on; its node stays.
func (g *Gossip) Tell(m Member) error {
	meta, err := m.encode()
	if err != nil {
		return err
	}
	g.self.meta.Store(&meta)
	if err := g.list.UpdateNode(2 * time.Second); err != nil {
		return fmt.Errorf("gossip: tell the others: %w; they hear it later", err)
	}
	return nil
}

// Changed gets a value after Members changed; several changes may be one.
func (g *Gossip) Changed() <-chan struct{} { return g.changed }

// String names the task.
func (g *Gossip) String() string { return "gossip of " + g.opt.Self.Node }

// Run joins, keeps the view, and looks for the missing for ever, since
// memberlist does not heal a partition by itself. When ctx ends it says
// good-bye, so that nobody suspects this server, and closes.
func (g *Gossip) Run(ctx context.Context) error {
	known := map[string]bool{}
	for _, seed := range g.opt.Seeds {
		known[seed] = true
	}
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-g.events.stale:
			g.look()
		case <-again.C:
			g.rejoin(known)
			again.Reset(g.opt.Again/2 + rand.N(g.opt.Again))
		case <-ctx.Done():
			return errors.Join(g.list.Leave(2*time.Second), g.list.Shutdown())
		}
	}
}

// Join looks for others at a host:port of their gossip, once and now. Those that it leads to stay known; an address where
// nobody answered does not.
func (g *Gossip) Join(address string) error {
	if _, err := g.list.Join([]string{address}); err != nil {
		return fmt.Errorf("gossip: nobody of cluster %s answers at %s: %w", g.opt.Cluster, address, err)
	}
	return nil
}

// rejoin asks the known addresses where nobody lives, one after the other.
func (g *Gossip) rejoin(known map[string]bool) {
	alive := map[string]bool{}
	for _, n := range g.events.all() {
		alive[n.address], known[n.address] = true, true
	}
	for address := range known {
		if alive[address] {
			continue
		}
		if _, err := g.list.Join([]string{address}); err != nil {
			g.opt.Logger.Debug("cluster: a server is not there", "address", address, "err", err)
		}
	}
}

// look makes the view anew.
func (g *Gossip) look() {
	var now []Member
	for node, n := range g.events.all() {
		m, err := decode(n.meta)
		if err != nil {
			g.opt.Logger.Warn("cluster: a server says what this version does not read", "node", node, "err", err)
		}
		m.Node, m.Gossip = node, n.address
		now = append(now, m)
	}
	slices.SortFunc(now, func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	before := g.view.Swap(&now)
	if slices.EqualFunc(*before, now, Member.equal) {
		return
	}
	g.opt.Logger.Info("cluster: servers there", "before", nodes(*before), "now", nodes(now))
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

func nodes(list []Member) (names []string) {
	for _, m := range list {
		names = append(names, m.Node)
	}
	return names
}

// UseKeys changes the keys while running; see Options.Keys.
func (g *Gossip) UseKeys(keys [][]byte) error {
	if len(keys) == 0 {
		return errors.New("gossip: at least one key is needed")
	}
	for _, key := range keys {
		if err := g.keys.AddKey(key); err != nil {
			return fmt.Errorf("gossip: keys: %w", err)
		}
	}
	if err := g.keys.UseKey(keys[0]); err != nil {
		return fmt.Errorf("gossip: keys: %w", err)
	}
	for _, old := range g.keys.GetKeys() {
		if !slices.ContainsFunc(keys, func(key []byte) bool { return slices.Equal(key, old) }) {
			if err := g.keys.RemoveKey(old); err != nil {
				return fmt.Errorf("gossip: keys: %w", err)
			}
		}
	}
	return nil
}
