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
	{"is frozen", func(w *wired, p *several.Process) { w.must(p.Signal(syscall.SIGSTOP)) }, (*wired).wake},
	{"is cut off", func(w *wired, p *several.Process) { w.net.Servers(w.end(p), wire.Fault{Cut: true}) }, (*wired).heal},
	{"is mute", (*wired).mute, (*wired).heal},
	{"is deaf", (*wired).deaf, (*wired).heal},
	{"is slow and loses frames", func(w *wired, p *several.Process) {
		w.net.Servers(w.end(p), wire.Fault{Delay: 40 * time.Millisecond, Loss: 0.05})
	}, (*wired).heal},
	{"has a disk that stands still", func(w *wired, p *several.Process) { w.stick(p) }, func(w *wired, p *several.Process) { w.unstick(p) }},
	{diskFull, func(w *wired, p *several.Process) { w.fill(p, short) }, func(w *wired, p *several.Process) { w.room(p) }},
	{"has its clock set", func(w *wired, p *several.Process) {
		w.must(p.Kill())
		w.clocks[p.Name] = map[string]string{"": "1h", "1h": "-1h", "-1h": ""}[w.clocks[p.Name]]
	}, func(w *wired, p *several.Process) { w.back(p) }},
	{"flaps", func(w *wired, p *several.Process) { w.flap(p, 4) }, (*wired).heal},
}

// diskFull happens to the last server only, whose disk is small.
const diskFull = "has a full disk"

// restarted starts servers that ended by themselves, as a leader whose disk stands still does.
func (w *wired) restarted() {
	for _, p := range w.Servers {
		if !p.Running() {
			w.back(p)
		}
	}
}

// wake lets a frozen server go on.
func (w *wired) wake(p *several.Process) {
	w.woken = append(w.woken, woken{p.Name, time.Now()})
	w.must(p.Signal(syscall.SIGCONT))
}

func (w *wired) heal(*several.Process) { w.net.Heal() }

const (
	longestFault = 12 * time.Second
	// hour is what boards take for one: those that have used their power cycles of an hour wait for its end, at most.
	hour = time.Hour / faultSpeed
)

// Whatever goes wrong, in an order that a seed decides on: every wish is carried out once, every board ends ready, relays
// have one hand on them, and every compare-and-set, and every wish that several servers were asked for, fits one order of
// decisions. Of the racks one may be served by two servers, and one by one.
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
	w := newWired(t, several.Options{Racks: servers + 1, Boards: 4 * (servers + 1), Few: []int{0, 2, 0, 1}, Data: []string{"", "", mountSmall(t)}})
	var changed, wanted []string // boards whose states are fought for, and those that are to be imaged by everybody
	for _, r := range w.Racks {
		names := r.Names()
		changed, wanted = append(changed, names[0]), append(wanted, names[1])
		w.spare[names[0]], w.spare[names[1]] = true, true
	}
	w.limit += hour
	ctx, stop := context.WithCancel(w.ctx)
	h, wishing := newHistory(), newHistory()
	contenders, wishers := w.contend(ctx, h, changed), w.wishing(ctx, wishing, wanted)
	for round := 1; time.Since(h.began) < length; round++ {
		w.idle = make(map[string]bool) // every other board, else they would use up their hour
		for _, r := range w.Racks {
			w.idle[r.Names()[2+round%2]] = true
		}
		w.imaging(1)
		for range 1 + random.IntN(3) {
			w.restarted()
			fault, p := chaos[random.IntN(len(chaos))], w.Servers[random.IntN(servers)]
			if fault.name == diskFull {
				p = w.Servers[servers-1]
			}
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
	wishers.Wait()
	w.judge()
	w.judgeHands()
	h.judgeStates(t)
	w.judgeWishes(wishing, wanted)
}
