package actors

import (
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

var chassisSeed = flag.Uint64("chassis.seed", 1, "of all chance in TestChassisUnderFaults")

// chassis is one relay board with fourteen boards, and what it was seen to do wrong.
type chassis struct {
	*world
	rand    *rand.Rand
	mu      sync.Mutex
	persons map[Switch]bool // relays that a person's order drives
	bad     []string
}

// watch holds each stroke of a relay against the record in force.
func (c *chassis) watch(s Switch, on bool) {
	v := c.fleet().ByName("board" + s.Outlet)
	c.mu.Lock()
	defer c.mu.Unlock()
	// A record that changes while a write is on its way is none that the write could know.
	settled := v != nil && v.Board.Since < c.fleet().now().Add(-2*c.rail.takes).UnixMilli()
	if settled && !c.persons[s] && !on && v.Board.Power != board.PowerOff {
		c.bad = append(c.bad, fmt.Sprintf("%s was cut in %s, with %q on record", v.Spec.Name, v.Board.State, v.Board.Power))
	}
	if settled && !c.persons[s] && on && v.Board.Power == board.PowerOff {
		c.bad = append(c.bad, fmt.Sprintf("%s was switched on in %s, with %q on record", v.Spec.Name, v.Board.State, v.Board.Power))
	}
}

// disturb is the next thing that happens.
func (c *chassis) disturb() {
	name := fmt.Sprintf("board%d", 1+c.rand.IntN(14))
	wants := []board.Want{board.WantImage, board.WantPowerCycle, board.WantPowerOff, board.WantPowerOn, board.WantMaintenance}
	switch p := c.rand.Float64(); {
	case p < 0.08:
		c.rail.setDown("relay1", errors.New("no route to host"))
	case p < 0.20:
		c.rail.setDown("relay1", nil)
	case p < 0.25:
		c.restart(14, 0)
	case p < 0.30:
		c.rail.stick(relayAt(1, 1+c.rand.IntN(14)), errors.New("lost in the middle"))
	case p < 0.40:
		c.rail.stick(Switch{}, nil)
	case p < 0.45:
		_, _ = c.f.Do(c.t.Context(), name, Order{Kind: board.Cancel, By: "ann", Force: true}) // may be refused
	case p < 0.50:
		c.person(relayAt(1, 1+c.rand.IntN(14)))
	default:
		for range 1 + c.rand.IntN(14) {
			name = fmt.Sprintf("board%d", 1+c.rand.IntN(14))
			_, _ = c.f.Wish(c.t.Context(), name, Request{Want: wants[c.rand.IntN(len(wants))], Image: "v2", By: "ann"}) // may be refused
		}
	}
}

// person cycles a relay past its board; it is refused where that hurts.
func (c *chassis) person(s Switch) {
	set := func(v bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.persons[s] = v
	}
	set(true)
	defer set(false)
	_, _ = c.f.Relay(c.t.Context(), s.Line, RelayCycle, "ann", false)
	time.Sleep(2 * time.Minute) // virtual; what broke in the middle is mended by then, or never reached
}

// dark looks for boards without power that should have it.
func (c *chassis) dark() {
	if r := c.f.Relays()[0]; r.State != RelayIdle || r.Queue > 0 {
		return
	}
	for _, v := range c.f.Views() {
		sw, _ := c.rail.Parse(v.Spec.Power)
		if v.Board.Power == board.PowerOn && !c.rail.powered(sw) {
			c.t.Errorf("%s is left without power in %s", v.Spec.Name, v.Board.State)
		}
	}
}

// TestChassisUnderFaults: whatever wishes, faults, people and crashes do to fourteen boards, their relay board has one
// connection at a time, no relay is switched against its record, and no board is left without power.
func TestChassisUnderFaults(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(*chassisSeed+seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chassis{world: newWorld(t, 14, nil), rand: rand.New(rand.NewPCG(*chassisSeed+seed, 1)), persons: make(map[Switch]bool)}
				defer func() { c.f.Stop() }()
				c.rail.takes = 10 * time.Millisecond
				c.rail.onSwitch = c.watch
				for range 150 {
					c.disturb()
					time.Sleep(time.Duration(c.rand.Int64N(int64(30 * time.Second)))) // virtual
				}
				c.rail.setDown("relay1", nil)
				c.rail.stick(Switch{}, nil)
				time.Sleep(2 * time.Hour) // virtual; nobody boots, so every attempt ends in failure
				synctest.Wait()
				c.dark()
				if c.rail.most != 1 || c.rail.early != 0 {
					t.Errorf("%d connections at once, %d while it was deaf", c.rail.most, c.rail.early)
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				for _, b := range c.bad {
					t.Error(b)
				}
				if len(c.rail.log) < 20 {
					t.Errorf("only %d strokes", len(c.rail.log))
				}
			})
		})
	}
}
