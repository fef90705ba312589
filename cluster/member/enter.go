package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mozpool/cluster/gossip"
	"mozpool/persistence"
	"mozpool/persistence/replica"
)

const (
	lookEvery = 250 * time.Millisecond // for others, while this server is of no group
	joinTime  = 10 * time.Second       // of one round of asking to be taken in
)

// enter makes this server one of a group: it is of one already, a new one begins, or it asks those that are of one to be
// taken in. What the cluster refuses is an error; that nobody is there is not.
func (m *Member) enter(ctx context.Context) error {
	for began := false; m.gossip != nil && len(m.journal.Servers()) == 0; {
		members := m.gossip.Members()
		first, begin := gossip.First(members, m.cfg.Network.Expect)
		seats := seats(members)
		switch {
		case begin:
			if !began {
				m.log.Info("cluster: a new cluster begins", "servers", len(first))
			}
			began = true
			if err := m.journal.Begin(m.founders(first)); err != nil && len(m.journal.Servers()) == 0 {
				return err
			}
		case len(seats) > 0:
			if err := m.join(ctx, seats); err != nil {
				return err
			}
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
	return m.settle(ctx)
}

// seats are the addresses of servers that are of a group.
func seats(members []gossip.Member) (addresses []string) {
	for _, o := range members {
		if !o.Fresh && o.Address != "" {
			addresses = append(addresses, o.Address)
		}
	}
	return addresses
}

func (m *Member) founders(first []gossip.Member) (all []replica.Server) {
	for _, f := range first {
		all = append(all, replica.Server{Node: f.Node, Address: f.Address, Instance: f.Instance, Cluster: m.cfg.Network.Cluster, Format: f.Format})
	}
	return all
}

func (m *Member) join(ctx context.Context, addresses []string) error {
	asking, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	err := m.journal.Join(asking, addresses)
	if errors.Is(err, persistence.ErrInvalid) || errors.Is(err, persistence.ErrConflict) {
		return fmt.Errorf("the cluster refused this server: %w", err)
	}
	if err != nil && ctx.Err() == nil {
		m.log.Warn("cluster: nobody has taken this server in yet; that is tried again", "at", addresses, "error", err)
	}
	return nil
}

// settle waits until something can be stored, and says that this server is of a group.
func (m *Member) settle(ctx context.Context) error {
	if m.gossip == nil {
		return nil
	}
	m.telling.Lock()
	m.told.Fresh = false
	err := m.gossip.Tell(m.told)
	m.telling.Unlock()
	if err != nil {
		m.log.Warn("cluster: the others have not heard of this server yet", "error", err)
	}
	for {
		ready, cancel := context.WithTimeout(ctx, joinTime)
		err := m.journal.Ready(ready)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}
