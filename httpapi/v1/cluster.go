package v1

import "time"

// Cluster is a cluster of servers as the server that was asked knows it.
type Cluster struct {
	ID      string          `json:"id"`     // empty: this server is by itself
	Server  string          `json:"server"` // whose view it is
	Leader  string          `json:"leader"` // of the log; empty: none is known, and nothing can be stored
	Servers []ClusterServer `json:"servers"`
	Racks   []ClusterRack   `json:"racks"`
}

// ClusterServer is one server: what gossip, its session and the log say of it, side by side.
type ClusterServer struct {
	Name    string `json:"name"`
	Address string `json:"address"` // of its streams
	API     string `json:"api"`
	Version string `json:"version"`
	Gossip  bool   `json:"gossip"`  // gossip hears it
	Session bool   `json:"session"` // it renews its session, so it may hold racks
	Member  bool   `json:"member"`  // it was taken in
	Votes   bool   `json:"votes"`
	Leads   bool   `json:"leads"`
	Drained bool   `json:"drained"` // it is to hold no racks that others may serve
	// ClockAhead is by how much its clock is ahead of that of the server asked, in seconds; 0: not at all, or not known.
	ClockAhead float64  `json:"clock_ahead"`
	Trouble    []string `json:"trouble"` // why others are preferred: its disk is stuck, or it does not reach a rack
	Racks      []string `json:"racks"`   // that it holds
}

// ClusterRack is who holds a rack.
type ClusterRack struct {
	Name    string   `json:"name"`
	Servers []string `json:"servers"` // that may serve it, the preferred first
	Holder  string   `json:"holder"`  // empty: nobody
	Epoch   uint64   `json:"epoch"`   // rises with each change of hands
	Live    bool     `json:"live"`    // the holder renews its session; false: the rack is about to change hands, or nobody can take it
	// AsOf is how old what is known of its boards is: when the holder was heard last; absent: it is heard.
	AsOf     *time.Time `json:"as_of,omitempty"`
	TakeOver string     `json:"take_over"` // what follows the holder to another server, as the configuration of the server asked says
}

// What follows the holder of a rack to another server.
const (
	TakeOverNone    = "none"            // nobody else may serve the rack
	TakeOverAPI     = "API only"        // boards know the address of one server
	TakeOverAddress = "service address" // boards find the new holder under the same address
)

// JoinOrder names where other servers of the cluster may be found.
type JoinOrder struct {
	Gossip string `json:"gossip"` // host:port, as in cluster.gossip of their mozpool.yaml
}

// ServerOrder names a server of the cluster.
type ServerOrder struct {
	Server string `json:"server"`
}
