package httpapi

import (
	"context"

	v1 "mozpool/httpapi/v1"
)

// Cluster is what the API shows and asks of a cluster. Errors for people are *actors.Problem.
type Cluster interface {
	Status() (v1.Cluster, error)
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
		{"POST", clusterPath + "/transfer", nil, s.clusterOrder(Cluster.Transfer)},
		{"POST", clusterPath + "/remove", nil, s.clusterOrder(Cluster.Remove)},
		{"POST", clusterPath + "/drain", nil, s.clusterOrder(Cluster.Drain)},
		{"POST", clusterPath + "/undrain", nil, s.clusterOrder(Cluster.Undrain)},
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

// clusterOrder answers with the cluster as it is after the order.
func (s *Server) clusterOrder(do func(Cluster, context.Context, string) error) handler {
	return func(r *request) error {
		var o v1.ServerOrder
		if err := r.body(&o); err != nil {
			return err
		}
		if s.cfg.Cluster == nil {
			return &apiError{v1.KindRefused, "this server is by itself", "set cluster in its configuration, see: mozpool cluster certs"}
		}
		if o.Server == "" {
			return bad("name one, see: mozpool cluster members", "no server is named")
		}
		if err := do(s.cfg.Cluster, r.ctx, o.Server); err != nil {
			return err
		}
		return s.showCluster(r)
	}
}
