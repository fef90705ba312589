package keeper

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/plan"
	"mozpool/persistence"
)

// site is two servers that share a journal; each hears what is stored.
type site struct {
	*memory
	t       *testing.T
	source  *list
	mu      sync.Mutex
	turn    string
	servers map[string]*sharing
	busy    map[string]bool // boards, by id
}

// sharing is one of the servers.
type sharing struct {
	*Keeper
	fleet   []inventory.Spec
	leaving map[string]bool
}

func newSite(t *testing.T, specs []inventory.Spec) *site {
	s := &site{memory: newMemory(), t: t, source: &list{name: "a", specs: specs}, turn: "one", servers: make(map[string]*sharing), busy: make(map[string]bool)}
	for _, name := range []string{"one", "two"} {
		s.servers[name] = s.open(name)
	}
	return s
}

// open starts a server; it works from Run on.
func (s *site) open(name string) *sharing {
	server := &sharing{}
	k, err := Open(s.t.Context(), Config{Sources: []Source{s.source}, Journal: s, Every: time.Hour, Turn: func() bool { return s.whose() == name },
		Rules: func() plan.Rules {
			return plan.Rules{Hold: s.hold, Busy: s.hold}
		},
		Apply: func(_ context.Context, boards []inventory.Spec) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			server.fleet = boards
			return nil
		},
		Leave: func(ids map[string]bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			server.leaving = ids
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	server.Keeper, server.fleet = k, k.Boards()
	return server
}

func (s *site) whose() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn
}

func (s *site) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn = name
}

func (s *site) hold(b inventory.Spec) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[b.ID] {
		return "it is writing"
	}
	return ""
}

func (s *site) occupy(id string, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[id] = busy
}

func (s *site) heard() {
	for _, server := range s.servers {
		server.Heard()
	}
}

func (s *site) PutDoc(ctx context.Context, d persistence.Doc) error {
	err := s.memory.PutDoc(ctx, d)
	if err == nil && IsDoc(d.Kind) {
		s.heard()
	}
	return err
}

func (s *site) DeleteDoc(ctx context.Context, kind, name string) error {
	err := s.memory.DeleteDoc(ctx, kind, name)
	if IsDoc(kind) {
		s.heard()
	}
	return err
}

// run lets both servers work until the test ends.
func (s *site) run() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var all sync.WaitGroup
	for _, server := range s.servers {
		all.Go(func() {
			if err := server.Run(ctx); err != nil {
				s.t.Error(err)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// have waits in virtual time until both servers have so many boards.
func (s *site) have(n int, when string) {
	s.t.Helper()
	for range 100 {
		time.Sleep(time.Second)
		synctest.Wait()
		s.mu.Lock()
		one, two := len(s.servers["one"].fleet), len(s.servers["two"].fleet)
		s.mu.Unlock()
		if one == n && two == n {
			return
		}
	}
	s.t.Fatalf("%s: %d and %d boards, want %d", when, len(s.servers["one"].fleet), len(s.servers["two"].fleet), n)
}

// One of two servers syncs, the other has the same boards, also when their parts change in the middle of a plan.
func TestOneOfTwoSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, boards("a", 0, 8))
		defer s.run()()
		s.have(8, "at first")
		if n := len(s.servers["two"].Status().Sources[0].Error) + s.servers["two"].Status().Sources[0].Records; n != 0 {
			t.Error("the server whose turn it is not has asked the source")
		}
		s.source.specs = boards("a", 0, 12)
		s.memory.mu.Lock()
		s.memory.fails = 2 // of the four
		s.memory.mu.Unlock()
		if err := s.servers["one"].Ask(t.Context()); err == nil {
			t.Error("the journal failed, the sync did not")
		}
		s.give("two")
		s.memory.mu.Lock()
		s.memory.fails = -1
		s.memory.mu.Unlock()
		s.have(12, "after a change of turns in the middle of a plan")
		if err := s.servers["one"].Sync(t.Context()); err == nil {
			t.Error("a server whose turn is over stores")
		}
		s.source.specs = boards("a", 0, 14)
		if err := s.servers["two"].Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.have(14, "after a sync of the other")
		past, err := s.servers["one"].History(t.Context())
		if err != nil || len(past) != 3 {
			t.Errorf("%d plans in the history, %v", len(past), err)
		}
	})
}

// A board that is listed no more takes no wishes on any server, and goes as soon as it rests; so does a changed switch.
func TestBusyBoardsChangeAtTheirRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, boards("a", 0, 8))
		defer s.run()()
		s.have(8, "at first")
		s.occupy("a7", true)
		s.occupy("a3", true)
		s.source.specs = boards("a", 0, 7)
		s.source.specs[3].Power = "10.0.0.1:2101:bank1:relay1"
		if err := s.servers["one"].Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.have(8, "at work")
		if held := s.servers["one"].Status().Held; len(held) != 2 || held[0].Reason != "its switch is to change, but it is writing" {
			t.Errorf("held: %+v", held)
		}
		for name, server := range s.servers {
			if !server.leaving["a7"] || server.leaving["a3"] {
				t.Errorf("%s lets them take wishes: %v", name, server.leaving)
			}
			if server.fleet[3].Power != "" {
				t.Errorf("%s switches a board that is writing elsewhere", name)
			}
		}
		if !s.open("two").leaving["a7"] {
			t.Error("a server that starts lets it take wishes")
		}
		s.occupy("a7", false)
		s.have(7, "at rest")
		s.occupy("a3", false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if one := s.servers["one"]; one.fleet[3].Power == "" || len(one.Status().Held) != 0 || len(one.leaving) != 0 {
			t.Errorf("%+v, held %v, leaving %v", one.fleet[3], one.Status().Held, one.leaving)
		}
	})
}
