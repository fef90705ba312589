package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/persistence"
	"mozpool/persistence/lease"
)

// sharedLog is the log of all servers of a test, carried out at once on one
// copy; each server has its own end of it.
type sharedLog struct {
	mu   sync.Mutex
	data map[string][]byte
	log  []func(*Leases)
	ends []*end
}

type end struct {
	*sharedLog
	leases *Leases
	leads  bool
	cut    bool
	stuck  bool // it hears of nothing
	seen   int  // entries of the log
}

// Write implements Log.
func (e *end) Write(_ context.Context, op persistence.Op) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cut {
		return fmt.Errorf("cut off: %w", persistence.ErrUnavailable)
	}
	answer := op.Apply(e)
	e.log = append(e.log, func(l *Leases) { l.Observe(op, answer) })
	for _, other := range e.ends {
		other.catchUp()
	}
	return answer
}

// catchUp observes what this end has not seen, in the order of the log.
func (e *end) catchUp() {
	for ; !e.cut && !e.stuck && e.seen < len(e.log); e.seen++ {
		e.log[e.seen](e.leases)
	}
}

// Read implements Log.
func (e *end) Read(_ context.Context, fn func(persistence.KV) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fn(e)
}

// Leads implements Log.
func (e *end) Leads() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.leads }

// Get implements persistence.KV.
func (s *sharedLog) Get(key []byte) ([]byte, error) {
	if value, ok := s.data[string(key)]; ok {
		return value, nil
	}
	return nil, persistence.ErrNotFound
}

// Set implements persistence.KV.
func (s *sharedLog) Set(key, value []byte) error { s.data[string(key)] = value; return nil }

// Delete implements persistence.KV.
func (s *sharedLog) Delete(key []byte) error { delete(s.data, string(key)); return nil }

// Scan implements persistence.KV, forwards only.
func (s *sharedLog) Scan(prefix []byte, _ bool, fn func(key, value []byte) bool) error {
	for _, key := range slices.Sorted(maps.Keys(s.data)) {
		if strings.HasPrefix(key, string(prefix)) && !fn([]byte(key), s.data[key]) {
			break
		}
	}
	return nil
}

// start runs the leases of s1 to sN in a bubble of virtual time; s1 leads.
func start(t *testing.T, n int, opt func(*LeaseOptions)) []*end {
	log := &sharedLog{data: map[string][]byte{}}
	began := time.Now()
	for i := range n {
		o := LeaseOptions{Server: fmt.Sprint("s", i+1), Clock: func() time.Duration { return time.Since(began) }}
		o.Orders = func() map[string][]string { return map[string][]string{"r1": {"s2", "s1", "s3"}} }
		opt(&o)
		log.ends = append(log.ends, &end{sharedLog: log, leases: NewLeases(o), leads: i == 0})
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, e := range log.ends {
		all.Go(func() {
			if err := e.leases.Run(ctx, e); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); all.Wait() })
	return log.ends
}

// holder is who may act on r1 now; "" = nobody. Two end the test.
func holder(t *testing.T, ends []*end) (name string) {
	t.Helper()
	for _, e := range ends {
		if _, _, ok := e.leases.Held("r1"); ok {
			if name != "" {
				t.Fatalf("%s and %s hold the rack", name, e.leases.opt.Server)
			}
			name = e.leases.opt.Server
		}
	}
	return name
}

// until lets virtual time pass until the holder is so, and says how long.
func until(t *testing.T, ends []*end, want string) time.Duration {
	t.Helper()
	begun := time.Now()
	for holder(t, ends) != want {
		if time.Since(begun) > 5*time.Minute {
			t.Fatalf("%q never held the rack, %q does", want, holder(t, ends))
		}
		time.Sleep(10 * time.Millisecond) // virtual
	}
	return time.Since(begun)
}

func TestTakeOverAndHandBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		drained := ""
		ends := start(t, 3, func(o *LeaseOptions) {
			o.HoldOff = 30 * time.Second
			server := o.Server
			o.Drain = func(context.Context, string) error { drained = server; return nil }
		})
		until(t, ends, "s2")
		if _, ok := ends[1].leases.Racks()["r1"]; !ok {
			t.Error("does not list the rack that it holds")
		}
		<-ends[1].leases.Changed()
		ends[1].setCut(true)
		if took := until(t, ends, ""); took > lease.L-lease.W {
			t.Errorf("cut off, it held the rack for %s", took)
		}
		if took := until(t, ends, "s1"); took > lease.Silence {
			t.Errorf("the other took over after %s", took)
		}
		ends[1].setCut(false)
		if took := until(t, ends, "s2"); took < 30*time.Second || drained != "s1" {
			t.Errorf("handed back after %s, drained by %q", took, drained)
		}
	})
}

// Who lost a rack in silence may be late until it is heard, also for a server that begins meanwhile; who let go of it is
// not, nor is who was removed from the cluster.
func TestWhoMayBeLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		removed := false
		ends := start(t, 3, func(o *LeaseOptions) {
			o.HoldOff = 30 * time.Second
			o.Drain = func(context.Context, string) error { return nil }
			o.Known = func(server string) bool { return server != "s2" || !removed }
		})
		late := func(want string) {
			t.Helper()
			time.Sleep(time.Second) // virtual
			if got := strings.Join(ends[0].leases.Late("r1"), " "); got != want {
				t.Errorf("may be late: %q, want %q", got, want)
			}
		}
		until(t, ends, "s2")
		late("")
		ends[1].setCut(true)
		cut := time.Now()
		until(t, ends, "s1")
		ends[0].setLeads(false)
		time.Sleep(time.Second) // virtual
		ends[0].setLeads(true)  // it counts everybody's silence anew, but not for people
		late("s2")
		if silent := ends[0].leases.Silent("s2"); silent < time.Since(cut) || silent > time.Since(cut)+lease.Every {
			t.Errorf("silent for %v, cut off for %v", silent, time.Since(cut))
		}
		if silent := ends[0].leases.Silent("s9"); silent < time.Since(cut) {
			t.Errorf("one that was never heard is silent for %v", silent)
		}
		removed = true
		late("")
		removed = false
		l := NewLeases(ends[0].leases.opt) // the next process of s1
		if s, err := state(t.Context(), ends[0]); err != nil {
			t.Error(err)
		} else if l.know(s); !slices.Equal(l.Late("r1"), []string{"s2", "s3"}) {
			t.Errorf("what has not been heard: %q", l.Late("r1"))
		}
		ends[1].setCut(false)
		late("")
		until(t, ends, "s2") // handed back
		late("")
	})
}

func (e *end) setLeads(leads bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leads = leads
}

func (e *end) setCut(cut bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cut = cut
	e.catchUp()
}

// A drain that fails keeps the rack, and the next round tries again.
func TestFailedDrainKeepsTheRack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failures := 3
		ends := start(t, 2, func(o *LeaseOptions) {
			o.HoldOff = time.Second
			o.Drain = func(context.Context, string) error {
				if failures--; failures >= 0 {
					return errors.New("a relay is under way")
				}
				return nil
			}
		})
		until(t, ends, "s2")
		ends[1].setCut(true)
		until(t, ends, "s1")
		ends[1].setCut(false)
		until(t, ends, "s2")
		if failures >= 0 {
			t.Error("handed over before it was drained")
		}
	})
}

// A process whose server began another stops.
func TestAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := start(t, 1, func(o *LeaseOptions) { o.Server = "s0" })
		l := NewLeases(LeaseOptions{Server: "s1", Orders: func() map[string][]string { return nil }, Clock: ends[0].leases.opt.Clock})
		e := &end{sharedLog: ends[0].sharedLog, leases: l}
		ended := make(chan error, 1)
		go func() { ended <- l.Run(t.Context(), e) }()
		time.Sleep(3 * time.Second) // virtual
		newer := lease.Renew{Session: lease.Session{Server: "s1", Incarnation: 9, Number: 1}}
		if err := e.Write(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !lease.Over(err) {
			t.Errorf("got %v", err)
		}
	})
}
