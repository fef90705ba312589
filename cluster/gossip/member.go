package gossip

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fxamacker/cbor/v2"
	"github.com/hashicorp/memberlist"
)

// Member is what a server says of itself. All of it but Node and Gossip must
// fit 512 bytes.
type Member struct {
	Node     string   `cbor:"-"`                    // name in the cluster
	Gossip   string   `cbor:"-"`                    // host:port of its gossip
	Address  string   `cbor:"1,keyasint,omitempty"` // host:port of its log
	API      string   `cbor:"2,keyasint,omitempty"` // URL of its API
	Instance string   `cbor:"3,keyasint,omitempty"` // of its folder
	Fresh    bool     `cbor:"4,keyasint,omitempty"` // it is of no group yet
	Version  string   `cbor:"5,keyasint,omitempty"` // of the program
	Format   int      `cbor:"6,keyasint,omitempty"` // of its folder
	Racks    []string `cbor:"7,keyasint,omitempty"` // that it may serve; as many as fit
	More     int      `cbor:"8,keyasint,omitempty"` // racks that did not fit
}

// encode leaves out racks until the rest fits: what must be known of racks is
// in the configuration, this is for people.
func (m Member) encode() ([]byte, error) {
	for all := len(m.Racks); ; m.Racks, m.More = m.Racks[:len(m.Racks)-1], all-len(m.Racks)+1 {
		data, err := cbor.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("gossip: encode what %s says: %w", m.Node, err)
		}
		if len(data) <= memberlist.MetaMaxSize {
			return data, nil
		}
		if len(m.Racks) == 0 {
			return nil, fmt.Errorf("gossip: what %s says of itself has %d bytes, at most %d fit; shorten its addresses",
				m.Node, len(data), memberlist.MetaMaxSize)
		}
	}
}

// decode passes over fields that it does not know: they are a newer version's.
func decode(meta []byte) (m Member, err error) {
	return m, cbor.Unmarshal(meta, &m)
}

func (m Member) equal(o Member) bool {
	racks := slices.Equal(m.Racks, o.Racks)
	m.Racks, o.Racks = nil, nil
	return racks && fmt.Sprint(m) == fmt.Sprint(o)
}

// First are the servers that a new cluster begins with: all members, once
// there are expect of them, each new and of one format. ok = it may begin.
// Every server must come to the same list, so one that knows more than it
// expects does not begin: a person must say which.
func First(members []Member, expect int) (first []Member, ok bool) {
	for _, m := range members {
		if !m.Fresh || m.Address == "" || m.Format != members[0].Format {
			return nil, false // a group is there already, to be joined
		}
	}
	return members, expect > 0 && len(members) == expect
}

// delegate hands memberlist what this server says of itself.
type delegate struct{ meta atomic.Pointer[[]byte] }

// NodeMeta implements memberlist.Delegate.
func (d *delegate) NodeMeta(int) []byte { return *d.meta.Load() }

// NotifyMsg implements memberlist.Delegate.
func (*delegate) NotifyMsg([]byte) {}

// GetBroadcasts implements memberlist.Delegate.
func (*delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements memberlist.Delegate.
func (*delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState implements memberlist.Delegate.
func (*delegate) MergeRemoteState([]byte, bool) {}

// events keep copies of who is alive: they are called under memberlist's
// lock, and what it hands out changes as soon as that is let go.
type events struct {
	mu    sync.Mutex
	alive map[string]copied // by node
	stale chan struct{}     // somebody should look
}

type copied struct {
	address string
	meta    []byte
}

// NotifyJoin implements memberlist.EventDelegate.
func (e *events) NotifyJoin(n *memberlist.Node) { e.note(n, true) }

// NotifyLeave implements memberlist.EventDelegate.
func (e *events) NotifyLeave(n *memberlist.Node) { e.note(n, false) }

// NotifyUpdate implements memberlist.EventDelegate.
func (e *events) NotifyUpdate(n *memberlist.Node) { e.note(n, true) }

func (e *events) note(n *memberlist.Node, alive bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.alive, n.Name)
	if alive {
		e.alive[n.Name] = copied{n.Address(), slices.Clone(n.Meta)}
	}
	select {
	case e.stale <- struct{}{}:
	default:
	}
}

func (e *events) all() map[string]copied {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.alive)
}
