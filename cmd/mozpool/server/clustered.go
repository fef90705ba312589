package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"mozpool/actors"
	"mozpool/actors/inventory"
	"mozpool/actors/inventory/keeper"
	"mozpool/cluster/address"
	"mozpool/cluster/ask"
	"mozpool/cluster/copies"
	"mozpool/cluster/house"
	"mozpool/cluster/member"
	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi"
	"mozpool/httpapi/events"
	"mozpool/persistence"
)

// leaveLimit bounds how long a server that stops hands its racks to others.
const leaveLimit = 3 * time.Second

// clustered is what a server of a cluster has beside the rest.
type clustered struct {
	member *member.Member
	house  atomic.Pointer[house.House] // nil until the journal is open, which is heard before

	shared atomic.Pointer[shared] // likewise, until the uploads are open

	addresses *address.Keeper
	follow    map[string]error // by rack: why no service address follows it to this server
}

// openMember opens the journal as one of a cluster, and the boards of all racks.
func (s *Server) openMember(ctx context.Context) error {
	var err error
	if s.identity, err = readIdentity(s.cfg); err != nil {
		return configError{err}
	}
	c := &clustered{}
	m, err := member.Open(ctx, s.memberConfig(c))
	if err != nil {
		return err
	}
	s.cluster, s.journal, c.member = c, m.Journal(), m
	s.closers = append(s.closers, m.Close)
	return nil
}

func (s *Server) memberConfig(c *clustered) member.Config {
	conf := member.Config{Server: s.cfg.Server, Journal: filepath.Join(s.cfg.Data, "journal"), Racks: make(map[string][]string),
		Version: s.opts.Version, Logger: s.log, Metrics: s.metrics.stores,
		Observe: func(op persistence.Op, answer error) {
			if h := c.house.Load(); h != nil {
				h.Observe(op, answer)
			}
			if k := s.keeper.Load(); k != nil && answer == nil && keeper.IsDoc(persistence.Wrote(op)) {
				k.Heard()
			}
			if answer == nil && isEntry(persistence.Wrote(op)) {
				c.shared.Load().heard()
			}
		},
		Restored: func() {
			c.shared.Load().heard()
			if h := c.house.Load(); h != nil {
				h.Restored()
			}
			if k := s.keeper.Load(); k != nil {
				k.Heard()
			}
		},
		Trouble: trouble(s.cfg.Racks), Stall: s.opts.Stall, Clock: s.opts.Clock,
		Drain: func(ctx context.Context, rack string) error { return c.house.Load().Drain(ctx, rack) },
		Answer: func(ctx context.Context, q ask.Question) any {
			switch q.Subject {
			case aboutInventory:
				return s.answerInventory(ctx, q)
			case copies.Subject:
				return c.answerCopies(ctx, q)
			}
			return c.house.Load().Answer(ctx, q)
		},
	}
	if s.cfg.Inventory.Used() {
		conf.Duties = []string{inventoryDuty}
	}
	for name, r := range s.cfg.Racks {
		conf.Racks[name] = r.Servers
	}
	if n := s.cfg.Cluster; n.Enabled() {
		conf.Network = &member.Network{Cluster: n.ID, Gossip: n.Gossip, Streams: n.Streams, Join: n.Join, Expect: n.Expect, Identity: s.identity}
	}
	return conf
}

// openHouse makes the boards of all racks; actors start with the leases.
func (s *Server) openHouse() {
	s.owned = events.New()
	fleet := s.fleetConfig()
	fleet.Told = s.toldHere
	s.cluster.addresses = address.NewKeeper(s.serviceAddresses(), s.log)
	s.cluster.follow = make(map[string]error)
	for name := range s.cfg.Racks {
		s.cluster.follow[name] = s.cluster.addresses.Check(name)
	}
	for _, text := range s.remarks() {
		s.log.Warn(text)
	}
	h := house.New(house.Config{Server: s.cfg.Server, Leases: s.cluster.member.Leases(), Peers: s.cluster.member, Fleet: fleet,
		Told: s.told, Begun: s.cluster.addresses.Begin, Ended: s.cluster.addresses.End, Logger: s.log})
	s.cluster.house.Store(h)
	s.registry.MustRegister(h.Collector(), ClusterMetrics{s.cluster.member}, ClockMetrics{s.cluster.member.Clocks})
	s.boards, s.load, s.stopBoards = h, h.Load, h.Stop
}

// serviceAddresses are those of the racks that have one.
func (s *Server) serviceAddresses() map[string]address.Address {
	all := make(map[string]address.Address)
	for name, r := range s.cfg.Racks {
		if r.ServiceAddress.Prefix.IsValid() {
			all[name] = address.Address{Prefix: r.ServiceAddress.Prefix, Interface: r.ServiceAddress.Interface}
		}
	}
	return all
}

// allLogs are the boards' lines: this server's own, or those of all servers.
func (s *Server) allLogs() httpapi.Logs {
	if s.cluster == nil {
		return s.logs
	}
	return s.cluster.house.Load().Logs()
}

// toldHere passes a transition of a board whose actor runs here to those that must hear of it once.
func (s *Server) toldHere(name, rack string, e actors.Event) {
	s.owned.Publish(boardEvent(name, rack, e))
}

// runCluster keeps this server's part in the cluster while the rest runs in g. stop ends it, after the listeners: it
// hands racks to others, so that nobody waits for a lease to run out.
func (s *Server) runCluster(ctx context.Context, g *errgroup.Group) (stop func() error) {
	if s.cluster == nil {
		return func() error { return nil }
	}
	s.cluster.member.Tell(s.APIURL(), s.rackDoors())
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	parts, inner := errgroup.WithContext(inner)
	parts.Go(func() error { return s.cluster.member.Run(inner) })
	parts.Go(func() error { return s.cluster.house.Load().Run(inner) })
	parts.Go(func() error { return s.followImages(inner) })
	g.Go(func() error {
		select {
		case <-inner.Done(): // it failed
			return errors.New("this server's part in the cluster is over")
		case <-ctx.Done():
			return nil
		}
	})
	return func() error {
		leaving, done := context.WithTimeout(inner, leaveLimit)
		defer done()
		s.cluster.member.Leave(leaving)
		cancel()
		return parts.Wait()
	}
}

// readIdentity reads the keys of a server of a cluster.
func readIdentity(cfg config.Config) (id member.Identity, err error) {
	if !cfg.Cluster.Enabled() {
		return id, nil
	}
	if id, err = member.ReadIdentity(cfg.Cluster.Keys); err != nil {
		return id, fmt.Errorf("cluster.keys: %w", err)
	}
	return id, nil
}

// loader makes specs the boards of the server.
type loader func(ctx context.Context, specs []inventory.Spec) error
