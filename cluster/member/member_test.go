package member

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/persistence"
)

// Three new servers find each other and begin; each rack goes to its preferred server; operators are answered at any
// server; a server that is drained, leaves or is removed loses its racks, and a fourth may join.
func TestACluster(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var configs []Config
	for _, node := range []string{"s1", "s2", "s3"} {
		configs = append(configs, l.config(node, 3))
	}
	for _, c := range configs {
		c.Network.Join = l.join
		l.run(c)
	}
	const all = "of-s1=s1 of-s2=s2 of-s3=s3 r1=s1 "
	for name, m := range l.members {
		waitFor(t, "every rack to be held, as "+name+" sees it", func() bool { return holders(t, m) == all })
	}
	if got := asked(t, l.members["s3"], "s1"); got != "s3 asks s1" {
		t.Errorf("asked: %q", got)
	}
	for name, m := range l.members {
		waitFor(t, name+" to know where boards reach the servers of r1", func() bool { return doors(m) == "[10.0.0.1:8000 10.0.0.2:8000]" })
		if got := m.Doors("of-s1"); got != nil {
			t.Errorf("%s knows where boards of a rack reach servers that said nothing: %v", name, got)
		}
	}
	waitFor(t, "s1 to know how the clock of s3 goes", func() bool {
		s, err := l.members["s1"].Status()
		must(t, err)
		return s.Servers[2].Ahead.Round(time.Minute) == -time.Hour && s.Servers[1].Ahead.Abs() < time.Minute
	})
	l.drains()
	l.failsToReach()
	l.leads()
	l.stop["s3"]()
	waitFor(t, "s3 to be out of gossip and session", func() bool {
		s, err := l.members["s1"].Status()
		must(t, err)
		return !s.Servers[2].Gossip && !s.Servers[2].Session && s.Servers[2].Member
	})
	waitFor(t, "the rest to remove it", func() bool { return l.members["s2"].Remove(t.Context(), "s3") == nil })
	if err := l.members["s1"].Remove(t.Context(), "s3"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	fourth := l.config("s4", 0)
	fourth.Network.Join = nil // it is told where the others are
	l.run(fourth)
	for address, want := range map[string]error{free(t): persistence.ErrNotFound, "s1": persistence.ErrInvalid, l.join[0]: nil} {
		if err := l.members["s4"].Join(address); !errors.Is(err, want) {
			t.Errorf("join at %s: %v, want %v", address, err, want)
		}
	}
	waitFor(t, "the fourth to be of the group and hold its rack", func() bool { return strings.Contains(holders(t, l.members["s4"]), "of-s4=s4") })
}

// drains moves a rack by drain, and back.
func (l *lab) drains() {
	l.t.Helper()
	ctx := context.Background()
	// The log may be without a leader for a moment, on a machine that does other work.
	waitFor(l.t, "a drain to be stored", func() bool { return l.members["s3"].Drain(ctx, "s1") == nil })
	waitFor(l.t, "r1 to move to s2", func() bool { return strings.HasSuffix(holders(l.t, l.members["s1"]), "of-s3=s3 r1=s2 ") })
	if got := doors(l.members["s1"]); got != "[10.0.0.2:8000 10.0.0.1:8000]" {
		l.t.Errorf("the holder is not the first that boards ask: %s", got)
	}
	l.mu.Lock()
	if !slices.Contains(l.drained, "s1 r1") {
		l.t.Error("its actors were not ended before")
	}
	l.mu.Unlock()
	if s, err := l.members["s2"].Status(); err != nil || !s.Servers[0].Drained || strings.Join(s.Servers[0].Holds, " ") != "of-s1" {
		l.t.Errorf("a rack that nobody else may serve stays: %+v, %v", s.Servers[0], err)
	}
	waitFor(l.t, "its end to be stored", func() bool { return l.members["s2"].Undrain(ctx, "s1") == nil })
	waitFor(l.t, "r1 to come back", func() bool { return strings.HasSuffix(holders(l.t, l.members["s3"]), "r1=s1 ") })
	if err := l.members["s2"].Drain(ctx, "nobody"); !errors.Is(err, persistence.ErrNotFound) {
		l.t.Errorf("drained a server that is not there: %v", err)
	}
}

// failsToReach has s1 not reach the boards of r1 for a while, and of a rack that nobody else may serve.
func (l *lab) failsToReach() {
	l.t.Helper()
	reach := func(trouble map[string]string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.trouble = trouble
	}
	reach(map[string]string{"s1 r1": "eth1 is down", "s1 of-s1": "eth2 is down"})
	waitFor(l.t, "r1 to move to s2, which reaches its boards", func() bool { return strings.HasSuffix(holders(l.t, l.members["s3"]), "of-s3=s3 r1=s2 ") })
	s, err := l.members["s2"].Status()
	if err != nil || strings.Join(s.Servers[0].Trouble, "; ") != "rack r1: eth1 is down" || strings.Join(s.Servers[0].Holds, " ") != "of-s1" {
		l.t.Errorf("it is shown as %+v, %v", s.Servers[0], err)
	}
	reach(nil)
	waitFor(l.t, "r1 to come back", func() bool { return strings.HasSuffix(holders(l.t, l.members["s3"]), "r1=s1 ") })
}

// leads hands the lead to each server in turn, asked at another.
func (l *lab) leads() {
	l.t.Helper()
	for _, next := range []string{"s2", "s3", "s1"} {
		waitFor(l.t, next+" to lead", func() bool {
			_ = l.members["s1"].Transfer(context.Background(), next) // while nobody leads it is asked again
			s, err := l.members[next].Status()
			must(l.t, err)
			return s.Leader == next
		})
	}
}

// A server by itself needs no network: it is its own cluster at once, and holds its racks.
func TestByItself(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("s1", 0)
	c.Network = nil
	m := l.run(c)
	waitFor(t, "its racks", func() bool { return holders(t, m) == "of-s1=s1 r1=s1 " })
	if _, _, ok := m.Leases().Held("r1"); !ok || m.Holder("r1") != "s1" || m.Holder("r9") != "" {
		t.Error("it may not act")
	}
}

// What is wrong is said before anything is done.
func TestRefusals(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("s1", 1)
	c.Network.Identity = l.identity("s2")
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "certificate is of server s2") {
		t.Errorf("another server's certificate: %v", err)
	}
	c = l.config("s1", 1)
	c.Network.Gossip = "192.0.2.1:0" // nobody's
	if m, err := Open(t.Context(), c); err == nil {
		t.Error("listens where it is not")
		must(t, m.Close())
	}
	first := l.run(l.config("s1", 1))
	waitFor(t, "the group to begin", func() bool { return first.journal.Leader() == "s1" })
	foreign := l.config("s2", 0)
	foreign.Network.Identity.Own, _ = newLab(t).authority.NewServer("s2", time.Now())
	m, err := Open(t.Context(), foreign)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), joinTime/10)
	defer cancel()
	if err := m.Run(ctx); err != nil || len(m.journal.Servers()) != 0 {
		t.Errorf("another authority's server: %v, of a group with %v", err, m.journal.Servers())
	}
	must(t, m.Close())
}

func TestReadIdentity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := ReadIdentity(dir); err == nil || !strings.Contains(err.Error(), "mozpool cluster certs") {
		t.Errorf("nothing there: %v", err)
	}
	id := newLab(t).identity("s1")
	key := base64.StdEncoding.EncodeToString(id.Keys[0])
	for name, data := range map[string]string{FileAuthority: string(id.Authority), FileCert: string(id.Own.Cert), FileKey: string(id.Own.Key), FileGossip: key + "\n" + key + "\n"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
	}
	got, err := ReadIdentity(dir)
	if err != nil || len(got.Keys) != 2 || got.owns("s1") != nil || got.owns("s2") == nil {
		t.Errorf("read %d keys, %v", len(got.Keys), err)
	}
	must(t, os.WriteFile(filepath.Join(dir, FileGossip), []byte("short\n"), 0o600))
	if _, err := ReadIdentity(dir); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("a bad key: %v", err)
	}
}

// A new cluster begins with any number of servers, also where some of them have no vote at first.
func TestAnyNumberBegins(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 4} {
		l := newLab(t)
		var configs []Config
		for i := range n {
			configs = append(configs, l.config(fmt.Sprint("s", i+1), n))
		}
		for _, c := range configs {
			c.Network.Join = l.join
			l.run(c)
		}
		for name, m := range l.members {
			waitFor(t, fmt.Sprintf("%s to be one of %d", name, n), func() bool {
				return len(m.journal.Servers()) == n && strings.Contains(holders(t, m), "of-"+name+"="+name)
			})
		}
	}
}
