package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"mozpool/cluster/member"
)

// ClusterMetrics shows what a server sees of its cluster, read whenever Prometheus asks. The zero value is good for
// Describe alone.
type ClusterMetrics struct{ m *member.Member }

var (
	clusterLeads   = prometheus.NewDesc("mozpool_cluster_leading_current", "1 if this server leads the log, else 0.", nil, nil)
	clusterLeader  = prometheus.NewDesc("mozpool_cluster_leader_current", "1 if this server knows who leads the log; 0: nothing can be stored.", nil, nil)
	clusterTerm    = prometheus.NewDesc("mozpool_cluster_term_current", "Term of the log; rises with each election.", nil, nil)
	clusterDecided = prometheus.NewDesc("mozpool_cluster_decided_current", "Last entry of the log that this server knows to be decided.", nil, nil)
	clusterApplied = prometheus.NewDesc("mozpool_cluster_applied_current", "Last entry of the log that this server has carried out.", nil, nil)
	clusterServers = prometheus.NewDesc("mozpool_cluster_servers_current",
		"Servers as this one sees them, by state: member (of the log's group), vote, gossip (heard), session (renewed), drained.", []string{"state"}, nil)
	clusterHeld  = prometheus.NewDesc("mozpool_cluster_rack_held_current", "1 if this server may act on the rack now, else 0.", []string{"rack"}, nil)
	clusterEpoch = prometheus.NewDesc("mozpool_cluster_rack_epoch_current", "Epoch of the rack's lease; rises when the rack changes hands.", []string{"rack"}, nil)
)

// Describe implements prometheus.Collector.
func (c ClusterMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{clusterLeads, clusterLeader, clusterTerm, clusterDecided, clusterApplied, clusterServers, clusterHeld, clusterEpoch} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Once the journal is closed there is nothing to tell.
func (c ClusterMetrics) Collect(ch chan<- prometheus.Metric) {
	s, err := c.m.Status()
	if err != nil {
		return
	}
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	term, decided, applied := c.m.Journal().Progress()
	tell(clusterLeads, one(s.Leader == s.Server))
	tell(clusterLeader, one(s.Leader != ""))
	tell(clusterTerm, float64(term))
	tell(clusterDecided, float64(decided))
	tell(clusterApplied, float64(applied))
	for state, n := range census(s.Servers) {
		tell(clusterServers, float64(n), state)
	}
	for _, r := range s.Racks {
		tell(clusterHeld, one(r.Here), r.Name)
		tell(clusterEpoch, float64(r.Epoch), r.Name)
	}
}

// census counts servers by what is known of them; one is counted under each word that holds.
func census(servers []member.Server) map[string]int {
	n := map[string]int{"member": 0, "vote": 0, "gossip": 0, "session": 0, "drained": 0}
	for _, s := range servers {
		for state, is := range map[string]bool{"member": s.Member, "vote": s.Votes, "gossip": s.Gossip, "session": s.Session, "drained": s.Drained} {
			if is {
				n[state]++
			}
		}
	}
	return n
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
