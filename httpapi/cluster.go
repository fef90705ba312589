package httpapi

import (
	"context"

	v1 "mozpool/httpapi/v1"
)

// Cluster is what the API shows and asks of a cluster. Errors for people are *actors.Problem.
type Cluster interface {
	Status() (v1.Cluster, error)
	// Join has the server that is asked look for others at an address of their gossip; one that is of no group yet then
	// asks them to be taken in.
	Join(ctx context.Context, gossip string) error
	// Transfer hands the lead of the log to a server; Remove takes one out for good; Drain has one hand its racks to
	// others, and hold none until Undrain.
	Transfer(ctx context.Context, server string) error
	Remove(ctx context.Context, server string) error
	Drain(ctx context.Context, server string) error
	Undrain(ctx context.Context, server string) error
}

const clusterPath = v1.Prefix + "/cluster"

// clusterRoutes are the routes of this file.
func (s *Server) clusterRoutes() []route {
	return []route{
		{"GET", clusterPath, nil, s.showCluster},
		{"POST", clusterPath + "/join", nil, s.joinCluster},
		{"POST", clusterPath + "/transfer", nil, s.serverOrder(Cluster.Transfer)},
		{"POST", clusterPath + "/remove", nil, s.serverOrder(Cluster.Remove)},
		{"POST", clusterPath + "/drain", nil, s.serverOrder(Cluster.Drain)},
		{"POST", clusterPath + "/undrain", nil, s.serverOrder(Cluster.Undrain)},
	}
}

func (s *Server) showCluster(r *request) error {
	if s.cfg.Cluster == nil {
		return s.ok(r, v1.Cluster{Servers: []v1.ClusterServer{}, Racks: []v1.ClusterRack{}})
	}
	c, err := s.cfg.Cluster.Status()
	if err != nil {
		return err
	}
	return s.ok(r, c)
}

func (s *Server) joinCluster(r *request) error {
	var o v1.JoinOrder
	if err := r.body(&o); err != nil {
		return err
	}
	if s.cfg.Cluster != nil && o.Gossip == "" {
		return bad("name the host:port of another server's gossip", "no address is named")
	}
	return s.clusterOrder(r, Cluster.Join, o.Gossip)
}

func (s *Server) serverOrder(do func(Cluster, context.Context, string) error) handler {
	return func(r *request) error {
		var o v1.ServerOrder
		if err := r.body(&o); err != nil {
			return err
		}
		if s.cfg.Cluster != nil && o.Server == "" {
			return bad("name one, see: mozpool cluster members", "no server is named")
		}
		return s.clusterOrder(r, do, o.Server)
	}
}

// clusterOrder answers with the cluster as it is after the order.
func (s *Server) clusterOrder(r *request, do func(Cluster, context.Context, string) error, about string) error {
	if s.cfg.Cluster == nil {
		return &apiError{v1.KindRefused, "this server is by itself", "set cluster in its configuration, see: mozpool cluster certs"}
	}
	if err := do(s.cfg.Cluster, r.ctx, about); err != nil {
		return err
	}
	return s.showCluster(r)
}
