package actors

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
)

var (
	daysBoards = flag.Int("days.boards", 60, "boards of TestDays")
	daysDays   = flag.Int("days", 3, "virtual days of TestDays")
	daysSeed   = flag.Uint64("days.seed", 1, "of all chance in TestDays")
)

// unreliable are boards in virtual time that fail at every step now and then. They act when their power comes, and
// speak with the token of the entry that their loader found.
type unreliable struct {
	w    *world
	mu   sync.Mutex
	rand *rand.Rand
	life map[string]context.CancelFunc // of the boards that have power
	cuts map[string][]time.Time
	bad  []string // broken rules
}

func (u *unreliable) chance(p float64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rand.Float64() < p
}

func (u *unreliable) between(lo, hi time.Duration) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	return lo + time.Duration(u.rand.Int64N(int64(hi-lo)))
}

// switched is what the relays do to a board.
func (u *unreliable) switched(name string, on bool) {
	u.mu.Lock()
	cancel := u.life[name]
	delete(u.life, name)
	if cancel != nil {
		cancel()
		u.cuts[name] = append(u.cuts[name], time.Now())
		u.tooOften(name)
	}
	if !on {
		u.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	u.life[name] = cancel
	u.mu.Unlock()
	go u.boot(ctx, name)
}

// tooOften holds the limit of 20 power cycles an hour; a wish of a person in between may add its own.
func (u *unreliable) tooOften(name string) {
	n, now := 0, time.Now()
	for _, t := range u.cuts[name] {
		if now.Sub(t) < time.Hour {
			n++
		}
	}
	if n > 21 {
		u.bad = append(u.bad, fmt.Sprintf("%s was cut %d times within an hour", name, n))
	}
}

// wait lets time pass; false: the power went, or the board hangs.
func (u *unreliable) wait(ctx context.Context, lo, hi time.Duration) bool {
	if u.chance(0.04) {
		<-ctx.Done() // hangs until its power goes
		return false
	}
	t := time.NewTimer(u.between(lo, hi))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// boot is a board from its loader on; it begins again when it resets.
func (u *unreliable) boot(ctx context.Context, name string) {
	for u.wait(ctx, time.Second, 20*time.Second) {
		v := u.w.fleet().ByName(name)
		if v == nil {
			return
		}
		token, entry := v.Board.Token, v.Board.HasEntry()
		u.w.fleet().Tell(name, Evidence{Input: board.Input{Kind: board.LoaderAsked}})
		if !entry {
			if u.chance(0.9) { // the image runs
				<-ctx.Done()
				return
			}
			continue // the image resets
		}
		if !u.live(ctx, name, token, v.Board.Want) {
			return
		}
	}
}

// live is the live environment; true: it reboots.
func (u *unreliable) live(ctx context.Context, name string, token board.Token, want board.Want) bool {
	steps := []board.Kind{board.StageRead, board.Downloads, board.Writes, board.Rebooting}
	switch want {
	case board.WantSelfTest:
		steps = []board.Kind{board.StageRead, board.TestRunning, board.TestOK}
	case board.WantMaintenance:
		steps = []board.Kind{board.StageRead, board.MaintenanceUp}
	default:
	}
	for _, k := range steps {
		if !u.wait(ctx, 5*time.Second, 50*time.Second) {
			return false
		}
		if u.chance(0.05) {
			return true // resets
		}
		if k == board.Downloads && u.chance(0.2) {
			continue // a callback is lost
		}
		in := board.Input{Kind: k, Token: token, Good: !u.chance(0.05)}
		for {
			verdict, err := u.w.fleet().Ask(ctx, name, Evidence{Input: in})
			if verdict == board.Over {
				return true
			}
			if err == nil && (k != board.Writes || verdict == board.Moved || verdict == board.Repeated) {
				break
			}
			if !u.wait(ctx, time.Second, 10*time.Second) {
				return false
			}
		}
	}
	if want == board.WantMaintenance {
		<-ctx.Done()
		return false
	}
	return true
}

// TestDays lets boards fail, relay boards go away and servers crash for days of virtual time. Every attempt ends,
// nobody is cut more often than allowed, nobody waits without a reason, and everything rests once it is left alone.
func TestDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		t.Logf("repeat with -days.seed %d", *daysSeed)
		n := *daysBoards
		u := &unreliable{rand: rand.New(rand.NewPCG(*daysSeed, 0)), life: map[string]context.CancelFunc{}, cuts: map[string][]time.Time{}}
		w := newWorld(t, n, func(c *Config) { c.Racks["r1"] = RackRules{BootsAtOnce: 1 + n/30} }) // few places: boards queue
		u.w = w
		w.rail.onSwitch = func(s Switch, on bool) {
			var chassis, n int
			_, _ = fmt.Sscanf(s.Line, "relay%d:%d", &chassis, &n) // rail.Parse made it
			u.switched(fmt.Sprintf("board%d", (chassis-1)*14+n), on)
		}
		until := time.Now().Add(time.Duration(*daysDays) * 24 * time.Hour)
		for time.Now().Before(until) {
			u.disturb(n)
			time.Sleep(u.between(time.Second, 20*time.Minute)) // virtual
		}
		w.rail.setFail(nil)
		time.Sleep(24 * time.Hour) // virtual; nobody asks for anything any more
		synctest.Wait()
		u.judge()
		w.f.Stop()
		u.mu.Lock()
		for _, cancel := range u.life {
			cancel()
		}
		u.mu.Unlock()
	})
}

// disturb does one of the things that happen to a rack.
func (u *unreliable) disturb(n int) {
	name := fmt.Sprintf("board%d", 1+int(u.between(0, time.Duration(n))))
	wants := []board.Want{board.WantImage, board.WantImage, board.WantImage, board.WantPowerCycle, board.WantSelfTest, board.WantMaintenance, board.WantPowerOff, board.WantPowerOn}
	switch {
	case u.chance(0.02):
		u.w.rail.setFail(errors.New("no route to host"))
	case u.chance(0.1):
		u.w.rail.setFail(nil)
	case u.chance(0.03):
		u.w.restart(n, 0)
	case u.chance(0.05):
		_, _ = u.w.f.Do(u.w.t.Context(), name, Order{Kind: board.Cancel, By: "ann", Force: u.chance(0.3)}) // may be refused
	default:
		for range 4 {
			name = fmt.Sprintf("board%d", 1+int(u.between(0, time.Duration(n))))
			want := wants[int(u.between(0, time.Duration(len(wants))))]
			_, _ = u.w.f.Wish(u.w.t.Context(), name, Request{Want: want, Image: "v2", By: "ann"}) // may be refused
		}
	}
}

// blameless: relays are never at fault here, only out of reach, which fails nobody.
func (u *unreliable) blameless(v *View) {
	past, err := u.w.f.Attempts(u.w.t.Context(), v.Spec.Name, 0)
	if err != nil {
		u.w.t.Error(err)
	}
	for _, a := range past {
		if a.Result == board.FailedPower {
			u.w.t.Errorf("%s failed for an outage that is not its own: %+v", v.Spec.Name, a)
		}
	}
}

// judge looks at the boards after a day of peace.
func (u *unreliable) judge() {
	t := u.w.t
	ended := map[board.State]int{}
	for _, v := range u.w.f.Views() {
		ended[v.Board.State]++
		u.blameless(v)
		if !v.Board.State.Rest() {
			t.Errorf("%s has not come to rest: %+v", v.Spec.Name, v.Board)
		}
		sw, _ := u.w.rail.Parse(v.Spec.Power)
		if on := u.w.rail.powered(sw); v.Board.Power != board.PowerUnknown && on != (v.Board.Power == board.PowerOn) && !v.Board.State.Failed() {
			t.Errorf("%s has power %v, and its record says %s", v.Spec.Name, on, v.Board.Power)
		}
	}
	if u.w.rail.most != 1 || u.w.rail.early != 0 {
		t.Errorf("%d connections at once to one relay board, %d to deaf ones", u.w.rail.most, u.w.rail.early)
	}
	for _, i := range u.w.f.Incidents() {
		if i.Kind != IncidentRelay || i.Closed.IsZero() {
			t.Errorf("incident %+v", i)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, b := range u.bad {
		t.Error(b)
	}
	cuts := 0
	for _, c := range u.cuts {
		cuts += len(c)
	}
	t.Logf("%d boards, %d days: %d power cycles, ended %v", *daysBoards, *daysDays, cuts, ended)
}
