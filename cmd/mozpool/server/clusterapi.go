package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"mozpool/actors"
	"mozpool/cluster/member"
	"mozpool/httpapi"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

// clusterAPI shows the cluster to people, and hands on what they ask of it.
type clusterAPI struct {
	m      *member.Member
	follow map[string]error // by rack served here: why no service address follows it to this server; nil: one does
	asOf   func(rack string) time.Time
}

var _ httpapi.Cluster = clusterAPI{}

// clusterFace is what the API knows of the cluster; nil: this server is by itself.
func (s *Server) clusterFace() httpapi.Cluster {
	if s.cluster == nil {
		return nil
	}
	return clusterAPI{s.cluster.member, s.cluster.follow, func(rack string) time.Time { return s.cluster.house.Load().AsOf(rack) }}
}

// Status implements httpapi.Cluster.
func (a clusterAPI) Status() (v1.Cluster, error) {
	s, err := a.m.Status()
	if err != nil {
		return v1.Cluster{}, err
	}
	c := v1.Cluster{ID: s.Cluster, Server: s.Server, Leader: s.Leader, Servers: []v1.ClusterServer{}, Racks: []v1.ClusterRack{}}
	for _, o := range s.Servers {
		c.Servers = append(c.Servers, v1.ClusterServer{Name: o.Name, Address: o.Address, API: o.API, Version: o.Version, Gossip: o.Gossip,
			Session: o.Session, Member: o.Member, Votes: o.Votes, Leads: o.Leads, Drained: o.Drained, ClockAhead: o.Ahead.Seconds(), Trouble: append([]string{}, o.Trouble...), Racks: append([]string{}, o.Holds...)})
	}
	for _, r := range s.Racks {
		rack := v1.ClusterRack{Name: r.Name, Servers: append([]string{}, r.Servers...), Holder: r.Holder, Epoch: r.Epoch,
			Live: r.Live, TakeOver: a.takeOver(r)}
		if at := a.asOf(r.Name).UTC(); !at.IsZero() {
			rack.AsOf = &at
		}
		c.Racks = append(c.Racks, rack)
	}
	return c, nil
}

// takeOver is what follows the holder of a rack.
func (a clusterAPI) takeOver(r member.Rack) string {
	why, served := a.follow[r.Name]
	switch {
	case len(r.Servers) < 2:
		return v1.TakeOverNone
	case served && why == nil:
		return v1.TakeOverAddress
	}
	return v1.TakeOverAPI
}

// Join implements httpapi.Cluster.
func (a clusterAPI) Join(_ context.Context, gossip string) error {
	if err := a.m.Join(gossip); err != nil {
		p := &actors.Problem{Kind: actors.NotFound, Text: err.Error(), Remedy: "see cluster.gossip and cluster.id of the other server's mozpool.yaml, and whether both have the same gossip.keys"}
		if errors.Is(err, persistence.ErrInvalid) {
			p.Kind, p.Remedy = actors.Refused, "write HOST:PORT, as in cluster.gossip of the other server's mozpool.yaml"
		}
		return p
	}
	return nil
}

// Transfer implements httpapi.Cluster.
func (a clusterAPI) Transfer(ctx context.Context, server string) error {
	if err := a.knows(server); err != nil {
		return err
	}
	return told(a.m.Transfer(ctx, server))
}

// Remove implements httpapi.Cluster. A server that renews its session may hold racks, and would not hear that it must
// let go of them.
func (a clusterAPI) Remove(ctx context.Context, server string) error {
	if a.m.Leases().Live(server) {
		return &actors.Problem{Kind: actors.Refused, Text: "server " + server + " is running", Remedy: "stop it first, then remove it"}
	}
	if err := a.knows(server); err != nil {
		return err
	}
	return told(a.m.Remove(ctx, server))
}

// Drain implements httpapi.Cluster.
func (a clusterAPI) Drain(ctx context.Context, server string) error {
	return a.drained(ctx, server, a.m.Drain, true)
}

// Undrain implements httpapi.Cluster.
func (a clusterAPI) Undrain(ctx context.Context, server string) error {
	return a.drained(ctx, server, a.m.Undrain, false)
}

// drained stores that a server is to hold racks, or none, and waits until this server's own copy has it, which the answer is
// made of; not for long, since another may have said otherwise already.
func (a clusterAPI) drained(ctx context.Context, server string, do func(context.Context, string) error, want bool) error {
	if err := told(do(ctx, server)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, arriveLimit)
	defer cancel()
	look := time.NewTicker(arriveLimit / 100)
	defer look.Stop()
	for {
		s, err := a.m.Status()
		if err != nil || slices.ContainsFunc(s.Servers, func(o member.Server) bool { return o.Name == server && o.Drained == want }) {
			return nil // it is stored, whatever can be shown of it
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// knows says if the cluster has no such server.
func (a clusterAPI) knows(server string) error {
	s, err := a.m.Status()
	if err != nil || slices.ContainsFunc(s.Servers, func(o member.Server) bool { return o.Name == server }) {
		return err
	}
	return &actors.Problem{Kind: actors.NotFound, Text: "the cluster has no server " + server, Remedy: "see: mozpool cluster members"}
}

// told makes an error of the cluster one for people.
func told(err error) error {
	for is, p := range map[error]actors.Problem{
		persistence.ErrNotFound:    {Kind: actors.NotFound, Remedy: "see: mozpool cluster members"},
		persistence.ErrInvalid:     {Kind: actors.Refused, Remedy: "see: mozpool cluster members"},
		persistence.ErrUnavailable: {Kind: actors.Unavailable, Remedy: "ask again; without a majority of the voting servers nothing is decided"},
		persistence.ErrUnknown:     {Kind: actors.Unavailable, Remedy: "look whether it was done, then ask again"},
	} {
		if errors.Is(err, is) {
			p.Text = err.Error()
			return &p
		}
	}
	return err
}
