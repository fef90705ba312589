package gossip

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"pgregory.net/rapid"
)

var keyA, keyB = bytes.Repeat([]byte("a"), 32), bytes.Repeat([]byte("b"), 32)

// open runs a server's gossip; leave says good-bye and waits.
func open(t *testing.T, node string, change func(*Options)) (g *Gossip, leave func()) {
	t.Helper()
	opt := Options{Self: Member{Node: node, Address: "192.0.2.1:7000", Fresh: true, Format: 1}, Cluster: "lab",
		Bind: "127.0.0.1:0", Keys: [][]byte{keyA}, Again: 200 * time.Millisecond}
	change(&opt)
	g, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	leave = sync.OnceFunc(func() { stop(); all.Wait() })
	t.Cleanup(leave)
	return g, leave
}

func waitFor(t *testing.T, g *Gossip, want string) {
	t.Helper()
	end := time.After(time.Minute)
	for strings.Join(nodes(g.Members()), " ") != want {
		select {
		case <-end:
			t.Fatalf("%s knows %v, want %s", g, nodes(g.Members()), want)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func seed(of ...*Gossip) func(*Options) {
	return func(o *Options) {
		for _, g := range of {
			o.Seeds = append(o.Seeds, g.Address())
		}
	}
}

func TestServersFindEachOther(t *testing.T) {
	t.Parallel()
	a, _ := open(t, "s1", func(*Options) {})
	b, leave := open(t, "s2", seed(a))
	c, _ := open(t, "s3", func(o *Options) { seed(b)(o); o.Self.Racks = []string{"r1", "r2"} })
	for _, g := range []*Gossip{a, b, c} {
		waitFor(t, g, "s1 s2 s3")
	}
	if m := a.Members()[2]; fmt.Sprint(m.Racks) != "[r1 r2]" || m.Gossip != c.Address() {
		t.Errorf("s1 knows of s3: %+v", m)
	}
	if err := c.Tell(Member{Address: "192.0.2.1:7000"}); err != nil {
		t.Fatal(err)
	}
	for end := time.After(time.Minute); a.Members()[2].Fresh; {
		select {
		case <-end:
			t.Fatal("s1 never heard that s3 is of a group")
		case <-a.Changed():
		}
	}
	where := b.Address()
	leave()
	waitFor(t, a, "s1 s3")
	// It comes back where it was and knows nobody: the others look for it.
	_, _ = open(t, "s2", func(o *Options) { o.Bind = where })
	waitFor(t, a, "s1 s2 s3")
}

func TestStrangersAreNotHeard(t *testing.T) {
	t.Parallel()
	a, _ := open(t, "s1", func(*Options) {})
	b, _ := open(t, "s2", func(o *Options) { seed(a)(o); o.Cluster = "attic" })
	c, _ := open(t, "s3", func(o *Options) { seed(a)(o); o.Keys = [][]byte{keyB} })
	d, _ := open(t, "s4", seed(a))
	waitFor(t, d, "s1 s4") // by now the others have tried as long
	waitFor(t, a, "s1 s4")
	waitFor(t, b, "s2")
	waitFor(t, c, "s3")
}

func TestKeysAreChangedWhileRunning(t *testing.T) {
	t.Parallel()
	a, _ := open(t, "s1", func(*Options) {})
	b, _ := open(t, "s2", seed(a))
	waitFor(t, a, "s1 s2")
	for _, keys := range [][][]byte{{keyA, keyB}, {keyB, keyA}, {keyB}} {
		for _, g := range []*Gossip{a, b} {
			if err := g.UseKeys(keys); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, _ := open(t, "s3", func(o *Options) { seed(a)(o); o.Keys = [][]byte{keyB} })
	waitFor(t, c, "s1 s2 s3")
	if err := a.UseKeys(nil); err == nil {
		t.Error("went without a key")
	}
}

func TestWhatAServerSaysFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Member{Node: "s1", Address: "192.0.2.1:7000", Racks: rapid.SliceOfN(rapid.StringN(1, 60, 80), 0, 100).Draw(t, "racks")}
		data, err := m.encode()
		if err != nil || len(data) > memberlist.MetaMaxSize {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		back, err := decode(data)
		if err != nil || len(back.Racks)+back.More != len(m.Racks) || back.Address != m.Address {
			t.Fatalf("came back as %+v, %v", back, err)
		}
	})
	if _, err := (Member{Node: "s1", API: strings.Repeat("x", 600)}).encode(); err == nil || !strings.Contains(err.Error(), "shorten") {
		t.Errorf("too long: %v", err)
	}
}

func TestWhoBeginsANewCluster(t *testing.T) {
	t.Parallel()
	fresh := Member{Address: "a", Fresh: true, Format: 1}
	old, newer, nowhere := fresh, fresh, fresh
	old.Fresh, newer.Format, nowhere.Address = false, 2, ""
	for name, tt := range map[string]struct {
		members []Member
		expect  int
		want    bool
	}{
		"as many as expected":    {[]Member{fresh, fresh, fresh}, 3, true},
		"too few":                {[]Member{fresh, fresh}, 3, false},
		"too many":               {[]Member{fresh, fresh, fresh}, 2, false},
		"nobody expected":        {nil, 0, false},
		"one is of a group":      {[]Member{fresh, old}, 2, false},
		"one of another format":  {[]Member{fresh, newer}, 2, false},
		"one that has no log":    {[]Member{fresh, nowhere}, 2, false},
		"one, for which no wait": {[]Member{fresh}, 1, true},
	} {
		if _, ok := First(tt.members, tt.expect); ok != tt.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

func TestUnusableOptions(t *testing.T) {
	t.Parallel()
	good := Options{Self: Member{Node: "s1"}, Cluster: "lab", Bind: "127.0.0.1:0", Keys: [][]byte{keyA}}
	for want, change := range map[string]func(*Options){
		"at least one key":   func(o *Options) { o.Keys = nil },
		"keys":               func(o *Options) { o.Keys = [][]byte{[]byte("short")} },
		`address "nowhere"`:  func(o *Options) { o.Bind = "nowhere" },
		`port of "1.2.3.4:x`: func(o *Options) { o.Bind = "1.2.3.4:x" },
	} {
		opt := good
		change(&opt)
		if _, err := Open(opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
