package cluster

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/persistence/lease"
)

// A server is unfit after three bad looks in a row, and fit again only after a time without any.
func TestFitness(t *testing.T) {
	t.Parallel()
	down := map[string]string{"r1": "down"}
	f := NewFitness(5 * time.Second)
	for i, step := range []struct {
		wrong map[string]string
		unfit bool
	}{
		{down, false}, {down, false}, {nil, false}, // touched
		{down, false}, {down, false}, {down, true}, {down, true},
		{nil, true}, {nil, true}, {down, true}, // comes and goes
		{nil, true}, {nil, true}, {nil, true}, {nil, true}, {nil, true}, {nil, false}, {nil, false},
		{down, false}, {down, false}, {map[string]string{"r2": "down"}, false}, // of another rack
	} {
		got := f.Look(time.Duration(i)*time.Second, step.wrong)
		if _, unfit := got["r1"]; unfit != step.unfit || len(got) > 1 {
			t.Errorf("look %d: %v, want unfit %v", i, got, step.unfit)
		}
	}
}

// unwell is which servers say that they are of no use for r1; such come last in the order.
type unwell struct {
	mu      sync.Mutex
	servers map[string]bool
}

func (u *unwell) set(server string, is bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.servers = maps.Clone(u.servers)
	if u.servers == nil {
		u.servers = map[string]bool{}
	}
	u.servers[server] = is
}

func (u *unwell) is(server string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.servers[server]
}

func (u *unwell) options(drained *[]string) func(*LeaseOptions) {
	return func(o *LeaseOptions) {
		server := o.Server
		o.HoldOff = 30 * time.Second
		o.Drain = func(context.Context, string) error { *drained = append(*drained, server); return nil }
		o.Orders = func() map[string][]string {
			order := []string{"s2", "s1", "s3"}
			slices.SortStableFunc(order, func(a, b string) int { return last(u.is(a)) - last(u.is(b)) })
			return map[string][]string{"r1": order}
		}
		o.Fit = func(_, server string) bool { return !u.is(server) }
	}
}

func last(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A holder that is of no use lets go of its rack, at once and for as long as it is of no use; it gets it back then.
func TestAnUnfitHolderLetsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var u unwell
		var drained []string
		ends := start(t, 3, u.options(&drained))
		until(t, ends, "s2")
		time.Sleep(5 * time.Second) // virtual: too short to be preferred for that alone
		u.set("s2", true)
		if took := until(t, ends, "s1"); took > 2*lease.Every {
			t.Errorf("the rack was let go of after %v", took)
		}
		if !slices.Equal(drained, []string{"s2"}) {
			t.Errorf("drained by %q", drained)
		}
		for range 600 { // it stays there
			time.Sleep(100 * time.Millisecond) // virtual
			if h := holder(t, ends); h != "s1" {
				t.Fatalf("held by %q", h)
			}
		}
		u.set("s1", true)
		until(t, ends, "s3")
		u.set("s2", false)
		until(t, ends, "s2")
	})
}

// A rack is kept while nobody else is of more use, dead or unfit.
func TestAnUnfitHolderKeepsWhatNobodyTakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var u unwell
		var drained []string
		ends := start(t, 3, u.options(&drained))
		until(t, ends, "s2")
		ends[0].mu.Lock()
		ends[2].cut = true // s3 is gone
		ends[0].mu.Unlock()
		time.Sleep(10 * time.Second) // virtual
		u.set("s1", true)
		u.set("s2", true)
		for range 300 {
			time.Sleep(100 * time.Millisecond) // virtual
			if h := holder(t, ends); h != "s2" {
				t.Fatalf("held by %q", h)
			}
		}
		if len(drained) > 0 {
			t.Errorf("drained by %q", drained)
		}
	})
}

// A holder that hears nothing of the log, since its disk is stuck, lets go of its rack to one that it hears otherwise.
func TestAHolderWithoutEarsLetsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var u unwell
		var drained []string
		ends := start(t, 3, func(o *LeaseOptions) {
			u.options(&drained)(o)
			o.Heard = func(server string) bool { return server == "s3" }
		})
		until(t, ends, "s2")
		ends[0].mu.Lock()
		ends[1].stuck = true
		ends[0].mu.Unlock()
		if took := until(t, ends, ""); took > lease.L {
			t.Errorf("it held the rack for %v without hearing of it", took)
		}
		time.Sleep(20 * time.Second) // virtual: it renews its session, so that nobody takes its rack
		if h := holder(t, ends); h != "" {
			t.Errorf("%s holds the rack", h)
		}
		u.set("s2", true)
		until(t, ends, "s3")
	})
}
