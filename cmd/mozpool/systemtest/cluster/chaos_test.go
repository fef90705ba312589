package cluster

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/systemtest/wire"
)

// chaos is what may go wrong, one after another, each with a server and for a time that chance chooses.
var chaos = []struct {
	name string
	harm func(*wired, *several.Process)
	mend func(*wired, *several.Process)
}{
	{"is killed", func(w *wired, p *several.Process) { w.must(p.Kill()) }, func(w *wired, p *several.Process) { w.back(p) }},
	{"is restarted", func(w *wired, p *several.Process) { w.must(p.Stop()) }, func(w *wired, p *several.Process) { w.back(p) }},
	{"is frozen", func(w *wired, p *several.Process) { w.late++; w.must(p.Signal(syscall.SIGSTOP)) },
		func(w *wired, p *several.Process) { w.must(p.Signal(syscall.SIGCONT)) }},
	{"is cut off", func(w *wired, p *several.Process) { w.net.Servers(w.end(p), wire.Fault{Cut: true}) }, (*wired).heal},
	{"is mute", (*wired).mute, (*wired).heal},
	{"is deaf", (*wired).deaf, (*wired).heal},
	{"is slow and loses frames", func(w *wired, p *several.Process) {
		w.net.Servers(w.end(p), wire.Fault{Delay: 40 * time.Millisecond, Loss: 0.05})
	}, (*wired).heal},
	{"has a disk that stands still", func(w *wired, p *several.Process) { w.stick(p) }, func(w *wired, p *several.Process) { w.unstick(p) }},
	{"has its clock set", func(w *wired, p *several.Process) {
		w.must(p.Kill())
		w.clocks[p.Name] = map[string]string{"": "1h", "1h": "-1h", "-1h": ""}[w.clocks[p.Name]]
	}, func(w *wired, p *several.Process) { w.back(p) }},
	{"flaps", func(w *wired, p *several.Process) { w.flap(p, 4) }, (*wired).heal},
}

// restarted starts servers that ended by themselves, as a leader whose disk stands still does.
func (w *wired) restarted() {
	for _, p := range w.Servers {
		if !p.Running() {
			w.back(p)
		}
	}
}

func (w *wired) heal(*several.Process) { w.net.Heal() }

const longestFault = 12 * time.Second

// Whatever goes wrong, in an order that a seed decides on: every wish is carried out once, every board ends ready, relays
// have one hand on them, and every compare-and-set fits one order of decisions.
func TestChaos(t *testing.T) {
	minutes := os.Getenv("MOZPOOL_CHAOS")
	if minutes == "" {
		t.Skip("takes as long as it is told: set MOZPOOL_CHAOS=3m (make chaos) to run it")
	}
	length, err := time.ParseDuration(minutes)
	if err != nil {
		t.Fatal(err)
	}
	if !wire.Inside(t) {
		return
	}
	seed, err := strconv.ParseUint(os.Getenv("MOZPOOL_CHAOS_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("the same faults again: make chaos SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	w := newWired(t)
	for _, r := range w.Racks {
		names := r.Names()
		w.spare[names[len(names)-1]] = true
	}
	ctx, stop := context.WithCancel(w.ctx)
	h := &history{began: time.Now()}
	contenders := w.contend(ctx, h)
	for round := 1; time.Since(h.began) < length; round++ {
		w.imaging(1)
		for range 1 + random.IntN(3) {
			w.restarted()
			fault, p := chaos[random.IntN(len(chaos))], w.Servers[random.IntN(servers)]
			lasts := time.Duration(random.Int64N(int64(longestFault)))
			t.Logf("round %d, %v: %s %s for %v", round, time.Since(h.began).Round(time.Second), p.Name, fault.name, lasts.Round(100*time.Millisecond))
			fault.harm(w, p)
			<-time.After(lasts)
			fault.mend(w, p)
		}
		w.allReady()
	}
	stop()
	contenders.Wait()
	w.judge()
	w.judgeHands()
	h.judge(t)
}
