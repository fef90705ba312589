package member

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/cluster/gossip"
)

// Status is a cluster as this server knows it.
type Status struct {
	Cluster string
	Server  string // whose view it is
	Leader  string // "": none is known
	Servers []Server
	Racks   []Rack
}

// Server is one server of a cluster: what gossip, the log and the sessions say of it.
type Server struct {
	Name    string
	Address string // of its streams
	API     string
	Version string
	Gossip  bool // gossip hears it
	Session bool // it renews its session
	Member  bool // it is of the group
	Votes   bool
	Leads   bool
	Drained bool
	Ahead   time.Duration // its clock, of this server's; 0: it is not known, too
	Trouble []string      // why it is of no use, for a rack or for all
	Holds   []string      // racks
}

// Rack is who holds a rack.
type Rack struct {
	Name    string
	Servers []string // the preferred first
	Holder  string   // "": nobody
	Epoch   uint64
	Live    bool // the holder renews its session
	Here    bool // this server may act on it now
}

// Status tells of the cluster.
func (m *Member) Status() (Status, error) {
	s := Status{Cluster: m.journal.Self().Cluster, Server: m.cfg.Server, Leader: m.journal.Leader()}
	leases, err := m.leaseState()
	if err != nil {
		return s, err
	}
	holds := make(map[string][]string)
	orders := m.allOrders()
	for _, rack := range slices.Sorted(maps.Keys(orders)) {
		r := Rack{Name: rack, Servers: orders[rack]}
		if l := leases.Leases[rack]; l.Server != "" && !l.Released {
			r.Holder, r.Epoch, r.Live = l.Server, l.Epoch, m.leases.Live(l.Server)
			holds[r.Holder] = append(holds[r.Holder], rack)
		}
		_, _, r.Here = m.leases.Held(rack)
		s.Racks = append(s.Racks, r)
	}
	drained, unfit := m.drained(), m.unfit()
	for name, o := range m.servers() {
		o.Name, o.Session, o.Leads, o.Drained, o.Holds = name, m.leases.Live(name), name == s.Leader, drained[name], holds[name]
		o.Ahead, o.Trouble = m.Clocks()[name], troubles(unfit[name])
		s.Servers = append(s.Servers, *o)
	}
	slices.SortFunc(s.Servers, func(a, b Server) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}

// servers are those of the group and those that gossip hears.
func (m *Member) servers() map[string]*Server {
	all := make(map[string]*Server)
	for _, s := range m.journal.Servers() {
		all[string(s.ID)] = &Server{Address: string(s.Address), Member: true, Votes: s.Suffrage == raft.Voter}
	}
	var heard []gossip.Member
	if m.gossip != nil {
		heard = m.gossip.Members()
	}
	for _, g := range heard {
		o := all[g.Node]
		if o == nil {
			o = &Server{Address: g.Address}
			all[g.Node] = o
		}
		o.Gossip, o.API, o.Version = true, g.API, g.Version
	}
	return all
}

// Tell has the others know where people reach this server, and boards of each rack by HTTP. It comes before Run.
func (m *Member) Tell(api string, doors map[string]netip.AddrPort) {
	if m.gossip == nil {
		return
	}
	m.telling.Lock()
	defer m.telling.Unlock()
	m.doors = doors
	m.told.API = api
	if err := m.gossip.Tell(m.told); err != nil {
		m.log.Warn("cluster: the others have not heard of this server's API yet", "error", err)
	}
}
