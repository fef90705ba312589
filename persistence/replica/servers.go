package replica

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// Server is one server of a group, as it asks to be taken in and as it is
// stored. Instance is its folder's.
type Server struct {
	Node     string `cbor:"1,keyasint" json:"node"`
	Address  string `cbor:"2,keyasint" json:"address"`
	Instance string `cbor:"3,keyasint" json:"instance"`
	Cluster  string `cbor:"4,keyasint" json:"cluster"`
	Format   int    `cbor:"5,keyasint" json:"format"`
}

// Voters is how many of so many servers vote: 1 of one or two, 3 of three or
// four, 5 of more. Two voters would be worse than one: either's death stops
// both.
func Voters(servers int) int {
	switch {
	case servers < 3:
		return 1
	case servers < 5:
		return 3
	}
	return 5
}

// enlist notes a server in the log. A name that another folder has is refused
// by every copy alike: two folders with one name would be one voter that
// forgets what it voted.
type enlist struct{ Server }

// strike forgets a server that was removed.
type strike struct{ Node string }

func serverKey(node string) []byte { return []byte("m\x00" + node + "\x00") }

// Apply implements persistence.Op.
func (e enlist) Apply(tx persistence.KV) error {
	data, err := tx.Get(serverKey(e.Node))
	if err == nil {
		var known Server
		if err := json.Unmarshal(data, &known); err != nil {
			return fmt.Errorf("read server %s: %w", e.Node, err)
		}
		if known.Instance != e.Instance {
			return fmt.Errorf("node %s is known with another folder; remove it from the cluster first, or name this one differently: %w",
				e.Node, persistence.ErrConflict)
		}
	} else if !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if data, err = json.Marshal(e.Server); err != nil {
		return err
	}
	return tx.Set(serverKey(e.Node), data)
}

// Size implements persistence.Op.
func (enlist) Size() int { return 512 }

// Letter implements persistence.Op.
func (enlist) Letter() byte { return 'E' }

// Apply implements persistence.Op.
func (s strike) Apply(tx persistence.KV) error { return tx.Delete(serverKey(s.Node)) }

// Size implements persistence.Op.
func (strike) Size() int { return 128 }

// Letter implements persistence.Op.
func (strike) Letter() byte { return 'X' }

func serverKinds() persistence.Kinds {
	return persistence.Kinds{'E': persistence.DecodeAs[enlist], 'X': persistence.DecodeAs[strike]}
}

// first is the configuration that all of some fresh servers begin with; it
// must come out the same on each of them.
func first(servers []Server) raft.Configuration {
	servers = slices.SortedFunc(slices.Values(servers), func(a, b Server) int { return cmp.Compare(a.Node, b.Node) })
	var conf raft.Configuration
	for i, s := range servers {
		entry := raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(s.Node), Address: raft.ServerAddress(s.Address)}
		if i >= Voters(len(servers)) {
			entry.Suffrage = raft.Nonvoter
		}
		conf.Servers = append(conf.Servers, entry)
	}
	return conf
}
