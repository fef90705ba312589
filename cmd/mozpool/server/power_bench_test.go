package server

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
	"mozpool/relayproto"
	"mozpool/relayproto/power"
	"mozpool/relayproto/relaysim"
)

// chassis are relay boards in their own time, with fourteen boards each, and the fleet that drives them.
type chassis struct {
	b      *testing.B
	fleet  *actors.Fleet
	relays []*relaysim.Board
	names  []string
}

// silent pins nothing: the boards of these benchmarks never speak.
type silent struct{}

func (silent) Plan(context.Context, inventory.Spec, board.Want, string, map[string]string) (*actors.Inputs, error) {
	return &actors.Inputs{Raw: []byte("{}")}, nil
}

func (silent) Open([]byte) (*actors.Inputs, error) { return &actors.Inputs{}, nil }

func relayOfChassis(n int) relayproto.Relay { return relayproto.Relay{Bank: 1 + n/8, Number: 1 + n%8} }

func newChassis(b *testing.B, boards, relayBoards int) *chassis {
	c := &chassis{b: b}
	b.Cleanup(func() {
		if c.fleet != nil {
			c.fleet.Stop()
		}
		for _, r := range c.relays {
			_ = r.Close()
		}
	})
	for range relayBoards {
		r, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{})
		if err != nil {
			b.Fatal(err)
		}
		c.relays = append(c.relays, r)
	}
	specs := make([]inventory.Spec, boards)
	for i := range specs {
		name := fmt.Sprintf("board%d", i+1)
		c.names = append(c.names, name)
		specs[i] = inventory.Spec{ID: name, Name: name, MAC: inventory.MAC(fmt.Sprintf("52:54:00:00:%02x:%02x", i/256, i%256)), Rack: "r1",
			Power: c.relays[i%relayBoards].Addr() + ":" + relayOfChassis(i/relayBoards).String()}
	}
	c.fleet = actors.New(actors.Config{Journal: persistence.NewMemory(), Planner: silent{}, Power: relays{1},
		Probe: func(context.Context, netip.Addr, actors.Check) error { return nil },
		Racks: map[string]actors.RackRules{"r1": {BootsAtOnce: boards, PowerOnGap: 150 * time.Millisecond}}})
	if err := c.fleet.Load(b.Context(), specs); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Second) // a new server leaves relay boards alone for their rest
	return c
}

// cycle asks for power cycles, and waits until all boards have their power back.
func (c *chassis) cycle(names ...string) {
	for _, name := range names {
		if _, err := c.fleet.Wish(c.b.Context(), name, actors.Request{Want: board.WantPowerCycle, By: "bench"}); err != nil {
			c.b.Fatal(err)
		}
	}
	for _, name := range names {
		for c.fleet.ByName(name).Board.State != board.Restarting {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// rest ends all wishes, outside of what is measured.
func (c *chassis) rest() {
	for _, name := range c.names {
		v := c.fleet.ByName(name)
		if _, err := c.fleet.Do(c.b.Context(), name, actors.Order{Kind: board.SetState, By: "bench", To: board.Ready, Visit: v.Board.Visit}); err != nil {
			c.b.Fatal(err)
		}
	}
	time.Sleep(1500 * time.Millisecond)
}

// oneByOne is how long a power cycle takes past the fleet: connect, off, a second, on, close, and a second's rest.
func oneByOne(b *testing.B, line string) time.Duration {
	spec, err := power.Parse(line)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	s, err := power.Open(b.Context(), spec, power.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.MakeOff(spec); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Second)
	if err := s.MakeOn(spec); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(spec.Rest())
	return time.Since(began)
}

// BenchmarkChassis cycles all fourteen boards of a relay board. ratio: one after another, by them at once.
func BenchmarkChassis(b *testing.B) {
	c := newChassis(b, 14, 1)
	single := oneByOne(b, c.relays[0].Addr()+":bank1:relay1")
	time.Sleep(time.Second)
	var all time.Duration
	for b.Loop() {
		began := time.Now()
		c.cycle(c.names...)
		all += time.Since(began)
		c.rest()
	}
	per := all / time.Duration(b.N)
	b.ReportMetric(per.Seconds(), "s/chassis")
	b.ReportMetric(float64(14*single)/float64(per), "ratio")
}

// BenchmarkSixChassis cycles 80 boards on 6 relay boards.
func BenchmarkSixChassis(b *testing.B) {
	c := newChassis(b, 80, 6)
	var all time.Duration
	for b.Loop() {
		began := time.Now()
		c.cycle(c.names...)
		all += time.Since(began)
		c.rest()
	}
	b.ReportMetric((all / time.Duration(b.N)).Seconds(), "s/rack")
}

// BenchmarkSingleInBusyChassis asks for one board while the others of its chassis are being cycled. ratio: its time by
// that in a chassis that rests.
func BenchmarkSingleInBusyChassis(b *testing.B) {
	c := newChassis(b, 14, 1)
	began := time.Now()
	c.cycle(c.names[13])
	alone := time.Since(began)
	c.rest()
	var busy time.Duration
	for b.Loop() {
		for _, name := range c.names[:13] {
			if _, err := c.fleet.Wish(b.Context(), name, actors.Request{Want: board.WantPowerCycle, By: "bench"}); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(200 * time.Millisecond)
		began := time.Now()
		c.cycle(c.names[13])
		busy += time.Since(began)
		for _, name := range c.names {
			for c.fleet.ByName(name).Board.State != board.Restarting {
				time.Sleep(2 * time.Millisecond)
			}
		}
		c.rest()
	}
	per := busy / time.Duration(b.N)
	b.ReportMetric(per.Seconds(), "s/wish")
	b.ReportMetric(float64(per)/float64(alone), "ratio")
}
