package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"mozpool/persistence"
)

// fabric is the network between the servers of a test: loopback, with cuts.
type fabric struct {
	mu    sync.Mutex
	cut   map[string]bool // addresses that nobody reaches, and that reach nobody
	conns []pair
}

type pair struct {
	from, to string
	net.Conn
}

var errCut = errors.New("cut off by the test")

func (f *fabric) network(t testing.TB) *Network {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	from := l.Addr().String()
	return &Network{Listener: l, Address: from, Dial: func(ctx context.Context, to string) (net.Conn, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.cut[from] || f.cut[to] {
			return nil, errCut
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", to)
		if err == nil {
			f.conns = append(f.conns, pair{from, to, c})
		}
		return c, err
	}}
}

func (f *fabric) partition(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut[address] = true
	for _, p := range f.conns {
		if p.from == address || p.to == address {
			_ = p.Close() // may be closed already
		}
	}
}

func (f *fabric) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.cut)
}

// group is some servers in one process.
type group struct {
	t     testing.TB
	net   *fabric
	nodes []*Replica
}

func (g *group) add(name string) *Replica { return g.addWith(name, Options{}) }

func (g *group) addWith(name string, o Options) *Replica {
	g.t.Helper()
	o.Node, o.Cluster, o.Network = name, "lab", g.net.network(g.t)
	r := openTest(g.t, g.t.TempDir(), o)
	g.nodes = append(g.nodes, r)
	return r
}

// newGroup begins n servers together.
func newGroup(t testing.TB, n int) *group {
	t.Helper()
	return newGroupWith(t, make([]Options, n)...)
}

func newGroupWith(t testing.TB, all ...Options) *group {
	t.Helper()
	g := &group{t: t, net: &fabric{cut: map[string]bool{}}}
	var servers []Server
	for i, o := range all {
		servers = append(servers, g.addWith(fmt.Sprint("s", i), o).Self())
	}
	for _, r := range g.nodes {
		slices.Reverse(servers) // the order told must not matter
		must(t, r.Begin(servers))
	}
	return g
}

// leader waits until one of the nodes, but none of the excepted, leads and writes.
func (g *group) leader(except ...*Replica) *Replica {
	g.t.Helper()
	var found *Replica
	waitFor(g.t, "a leader", func() bool {
		for _, r := range g.nodes {
			if !slices.Contains(except, r) && r.member.raft.State() == raft.Leader && ready(r) == nil {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

func (g *group) other(not ...*Replica) *Replica {
	return g.nodes[slices.IndexFunc(g.nodes, func(r *Replica) bool { return !slices.Contains(not, r) })]
}

func ready(r *Replica) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return r.Ready(ctx)
}

// commit sends a change until it is answered, as owners do.
func commit(t testing.TB, r *Replica, c persistence.Change) {
	t.Helper()
	waitFor(t, "an answer to "+c.Board, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		err := r.Commit(ctx, c)
		if err != nil && !errors.Is(err, persistence.ErrUnavailable) && !errors.Is(err, persistence.ErrUnknown) {
			t.Fatalf("commit on %s: %v", r.Node(), err)
		}
		return err == nil
	})
}

// same waits until all copies hold what want says.
func (g *group) same(want map[string]uint64) {
	g.t.Helper()
	for _, r := range g.nodes {
		if alive(r) {
			waitFor(g.t, "the copy of "+r.Node(), func() bool {
				got := load(g.t, r)
				for board, seq := range want {
					if got[board].Seq != seq {
						return false
					}
				}
				return true
			})
		}
	}
}

func alive(r *Replica) bool {
	select {
	case <-r.stop:
		return false
	default:
		return true
	}
}
