package crash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the instants of death")
	kills = flag.Int("kills", 20, "how often the server is killed")
)

func addrPort(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
}

// TestKilled: nothing acknowledged is lost, no board is cut in the middle of its work, a board without power is on its
// way to power, and every board ends ready.
func TestKilled(t *testing.T) {
	t.Logf("repeat with -seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	r := newRack(t, 10)
	r.start()
	acknowledged := map[string]uint32{}
	asked := map[string]int{}
	n := *kills
	if testing.Short() {
		n = 5
	}
	struck := map[string]int{}
	for kill := range n {
		r.askAll(acknowledged, asked)
		time.Sleep(time.Duration(random.IntN(2500)) * time.Millisecond) // the instant is the point; no condition is waited for
		for state, boards := range r.counts() {
			struck[state] += boards
		}
		r.kill()
		dark := r.dark()
		r.start()
		r.afterDeath(kill, acknowledged, dark)
	}
	r.allReady(acknowledged)
	t.Logf("boards by state when the server died: %v", struck)
	if n >= 20 && (struck["writing"] == 0 || len(struck) < 5) {
		t.Errorf("the kills struck too few states to prove anything: %v", struck)
	}
	if len(r.broken) > 0 {
		t.Errorf("rules were broken: %v", r.broken)
	}
}

// askAll asks for an image on boards that rest, mostly another than the one before, of which the card would have all already,
// and now and then for a power cycle, each time with a key that is used again until it was acknowledged.
func (r *rack) askAll(acknowledged map[string]uint32, asked map[string]int) {
	all, _ := r.list()
	for _, b := range all {
		if b.State != "ready" && b.State != "new" {
			continue
		}
		image := []string{"v2", "v3"}[asked[b.Name]%2]
		what := "image:" + image
		if b.State == "ready" && asked[b.Name]%3 == 2 {
			what = "power-cycle" // of a board whose image is known
		}
		if attempt := r.wish(b.Name, what, fmt.Sprintf("%s-%d", b.Name, asked[b.Name])); attempt > 0 {
			acknowledged[b.Name] = attempt
			if what != "power-cycle" {
				r.wanted[b.Name] = image
			}
			asked[b.Name]++
		}
	}
}

// dark are the boards without power.
func (r *rack) dark() map[string]bool {
	dark := map[string]bool{}
	for _, b := range r.boards.Boards {
		if !b.Powered() {
			dark[b.Name()] = true
		}
	}
	return dark
}

// afterDeath looks at the boards as the new process took them up.
func (r *rack) afterDeath(kill int, acknowledged map[string]uint32, dark map[string]bool) {
	r.t.Helper()
	all, ok := r.list()
	if !ok {
		r.t.Fatal("the server does not list its boards")
	}
	for _, b := range all {
		if want := acknowledged[b.Name]; b.Attempt < want {
			r.t.Fatalf("kill %d: %s has attempt %d, but %d was acknowledged", kill, b.Name, b.Attempt, want)
		}
		switch b.State {
		case "cutting", "powering", "booting", "restarting":
		default:
			if dark[b.Name] {
				r.t.Fatalf("kill %d: %s had no power, and is said to be %s", kill, b.Name, b.State)
			}
		}
	}
}

func (r *rack) allReady(acknowledged map[string]uint32) {
	r.t.Helper()
	r.until("every board is ready", func() bool {
		all, ok := r.list()
		for _, b := range all {
			ok = ok && b.State == "ready" && b.Attempt == acknowledged[b.Name] && b.Image == r.wanted[b.Name]
		}
		return ok
	})
}

// TestOutageAndClock: an hour's outage, and a wall clock that jumps by an hour either way, cycle nobody.
func TestOutageAndClock(t *testing.T) {
	for name, offset := range map[string]string{"an hour later": "1h", "an hour back": "-1h"} {
		t.Run(name, func(t *testing.T) {
			r := newRack(t, 4)
			r.start()
			acknowledged := map[string]uint32{}
			r.askAll(acknowledged, map[string]int{})
			r.until("a board writes", func() bool { return r.counts()["writing"] > 0 })
			r.kill()
			r.env = []string{"MOZPOOL_TEST_CLOCK_OFFSET=" + offset}
			r.start()
			r.allReady(acknowledged)
			for _, b := range r.boards.Boards {
				if b.Count("powered_off") > 1 {
					t.Errorf("%s lost its power %d times", b.Name(), b.Count("powered_off"))
				}
			}
			if len(r.broken) > 0 {
				t.Errorf("rules were broken: %v", r.broken)
			}
		})
	}
}

func (r *rack) counts() map[string]int {
	counts := map[string]int{}
	all, _ := r.list()
	for _, b := range all {
		counts[b.State]++
	}
	return counts
}
