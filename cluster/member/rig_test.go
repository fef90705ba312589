package member

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"mozpool/cluster/ask"
	"mozpool/cluster/certs"
	"mozpool/persistence"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// waitFor asks until it is so.
func waitFor(t testing.TB, what string, so func() bool) {
	t.Helper()
	end := time.After(90 * time.Second)
	for !so() {
		select {
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lab is a cluster in one process.
type lab struct {
	t         *testing.T
	authority certs.Pair
	members   map[string]*Member
	stop      map[string]func()
	join      []string
	mu        sync.Mutex
	drained   []string
	trouble   map[string]string // by server and rack, such as "s1 r1"
}

func newLab(t *testing.T) *lab {
	t.Helper()
	authority, err := certs.NewAuthority("lab", time.Now())
	must(t, err)
	return &lab{t: t, authority: authority, members: map[string]*Member{}, stop: map[string]func(){}}
}

// free is an address that nobody listened on a moment ago.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

func (l *lab) identity(node string) Identity {
	l.t.Helper()
	own, err := l.authority.NewServer(node, time.Now())
	must(l.t, err)
	return Identity{Own: own, Authority: l.authority.Cert, Keys: [][]byte{[]byte("0123456789abcdef")}}
}

func (l *lab) config(node string, expect int) Config {
	address := free(l.t)
	c := Config{Server: node, Journal: l.t.TempDir(), HoldOff: 50 * time.Millisecond, Version: "1",
		Racks: map[string][]string{"r1": {"s1", "s2"}, "of-" + node: {node}},
		Network: &Network{Cluster: "lab", Gossip: address, Streams: "127.0.0.1:0", Join: append([]string(nil), l.join...), Expect: expect,
			API: "http://" + node, Identity: l.identity(node)},
		Clock: func() time.Time {
			if node == "s3" {
				return time.Now().Add(-time.Hour)
			}
			return time.Now()
		},
		Trouble: func(rack string) string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.trouble[node+" "+rack]
		},
		Observe: func(persistence.Op, error) {}, Restored: func() {},
		Drain: func(_ context.Context, rack string) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.drained = append(l.drained, node+" "+rack)
			return nil
		},
		Answer: func(_ context.Context, q ask.Question) any { return fmt.Sprint(q.From, " asks ", node) }}
	if os.Getenv("MOZPOOL_TEST_LOG") != "" {
		c.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("at", node)
	}
	l.join = append(l.join, address)
	return c
}

// run opens a member and runs it until stop, or the end of the test.
func (l *lab) run(c Config) *Member {
	l.t.Helper()
	m, err := Open(l.t.Context(), c)
	must(l.t, err)
	m.Tell("http://"+c.Server, map[string]netip.AddrPort{"r1": netip.MustParseAddrPort(door(c.Server))})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	l.members[c.Server] = m
	l.stop[c.Server] = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Error(err)
		}
		if err := m.Close(); err != nil {
			l.t.Error(err)
		}
	})
	l.t.Cleanup(l.stop[c.Server])
	return m
}

// door is where boards reach a member: the last digit of its address is that of its name.
func door(node string) string { return "10.0.0." + node[1:] + ":8000" }

// doors are where boards of r1 reach servers, as a member would tell them.
func doors(m *Member) string { return fmt.Sprint(m.Doors("r1")) }

// holders are who holds which rack, as a member sees it.
func holders(t *testing.T, m *Member) string {
	t.Helper()
	s, err := m.Status()
	must(t, err)
	text := ""
	for _, r := range s.Racks {
		text += r.Name + "=" + r.Holder + " "
	}
	return text
}

// asked is what one server says to another.
func asked(t *testing.T, from *Member, to string) string {
	t.Helper()
	var text string
	must(t, from.Ask(t.Context(), to, ask.Question{Subject: "x", Body: json.RawMessage("{}")}, &text))
	return text
}
