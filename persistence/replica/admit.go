package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// admit takes a server in, without a vote; promotion comes when it has been
// well for some time. Only the leader does, others say who leads.
func (r *Replica) admit(m *member, c net.Conn, s Server) reply {
	if m.raft.State() != raft.Leader {
		leader, _ := m.raft.LeaderWithID()
		return reply{Leader: string(leader)}
	}
	if err := r.mayJoin(c, s); err != nil {
		return refusal(fmt.Errorf("take server %s in: %w", s.Node, err))
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	if err := r.Write(ctx, enlist{s}); err != nil {
		return refusal(err)
	}
	err := m.raft.AddNonvoter(raft.ServerID(s.Node), raft.ServerAddress(s.Address), 0, askTime).Error()
	if err != nil {
		return refusal(outcome(err))
	}
	return reply{Joined: true}
}

// mayJoin refuses what would harm the group, each with the remedy.
func (r *Replica) mayJoin(c net.Conn, s Server) error {
	if node := r.opt.Network.Node; node != nil {
		name, err := node(c)
		if err != nil || name != s.Node {
			return fmt.Errorf("%w: its certificate is for %q (%w); make one for this node", persistence.ErrInvalid, name, err)
		}
	}
	switch {
	case s.Node == "" || s.Address == "" || s.Instance == "":
		return fmt.Errorf("%w: node, address and instance are needed", persistence.ErrInvalid)
	case s.Cluster != r.id.Cluster:
		return fmt.Errorf("%w: it is of cluster %q, this is %q; name the cluster in its configuration", persistence.ErrInvalid, s.Cluster, r.id.Cluster)
	case s.Format > identityFormat:
		return fmt.Errorf("%w: its format is %d, this server reads %d; upgrade all servers of the cluster first",
			persistence.ErrInvalid, s.Format, identityFormat)
	}
	return nil
}

// Join asks for admission at each of some addresses in turn, and where those
// send it, until it is taken in, refused, or ctx ends.
func (r *Replica) Join(ctx context.Context, addresses []string) error {
	var last error
	for {
		for _, to := range addresses {
			done, err := r.joinAt(ctx, to)
			if done {
				return err
			}
			last = err
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("join the cluster: %w: %w", context.Cause(ctx), last)
		}
	}
}

// joinAt asks one server, and the one that it names; done = it was decided.
func (r *Replica) joinAt(ctx context.Context, to string) (done bool, err error) {
	m, err := r.running()
	if err != nil {
		return true, err
	}
	if m.link.asker == nil {
		return true, fmt.Errorf("join the cluster: %w: this server has no network", persistence.ErrInvalid)
	}
	for range 2 {
		rep, err := m.link.asker.ask(ctx, to, question{Join: new(r.Self())})
		switch {
		case err != nil:
			return false, err
		case rep.Refused != nil:
			err := rep.Refused.unpack()
			again := errors.Is(err, persistence.ErrUnavailable) || errors.Is(err, persistence.ErrUnknown)
			return !again, fmt.Errorf("join the cluster at %s: %w", to, err)
		case rep.Joined:
			return true, nil
		case rep.Leader == "":
			return false, fmt.Errorf("join the cluster at %s: no server leads now", to)
		}
		to = rep.Leader
	}
	return false, fmt.Errorf("join the cluster: no server leads now")
}

// Self is this server as it asks to be taken in.
func (r *Replica) Self() Server {
	s := Server{Node: r.id.Node, Instance: r.id.Instance, Cluster: r.id.Cluster, Format: identityFormat}
	if r.opt.Network != nil {
		s.Address = r.opt.Network.Address
	}
	return s
}

// Servers are those of the group as this server knows it; nil = it has none.
func (r *Replica) Servers() []raft.Server {
	m, err := r.running()
	if err != nil {
		return nil
	}
	f := m.raft.GetConfiguration()
	if f.Error() != nil {
		return nil
	}
	return f.Configuration().Servers
}

// Remove takes a server out of the group for good, and frees its name for
// another folder. Only the leader can.
func (r *Replica) Remove(ctx context.Context, node string) error {
	m, err := r.running()
	if err != nil {
		return err
	}
	member := slices.ContainsFunc(r.Servers(), func(s raft.Server) bool { return string(s.ID) == node })
	noted := r.state.View(func(tx persistence.KV) error { _, err := tx.Get(serverKey(node)); return err }) == nil
	if !member && !noted {
		return fmt.Errorf("remove server %s: %w: the group has no such server", node, persistence.ErrNotFound)
	}
	if member {
		if err := m.raft.RemoveServer(raft.ServerID(node), 0, askTime).Error(); err != nil {
			return fmt.Errorf("remove server %s: %w", node, outcome(err))
		}
	}
	return r.Write(ctx, strike{node})
}
