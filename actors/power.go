package actors

import (
	"context"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// Power reaches the relay boards, and whatever else switches boards' power; "relay board" stands for all of them.
type Power interface {
	// Parse reads a board's power line. The zero Switch: there is no relay, a person switches the board. Its error is a
	// sentence for people, with the remedy.
	Parse(spec string) (Switch, error)
	// Dial opens the one connection that the relay board of s serves at a time. before is called immediately before each
	// write to it; its error stops that write.
	Dial(ctx context.Context, s Switch, before func() error) (RelaySession, error)
}

// Switch is one relay of one relay board. Two of them are the same relay if Board and Outlet are.
type Switch struct {
	Board  string        // what takes one connection at a time, such as host:port; empty: no relay
	Outlet string        // on Board
	Line   string        // the power line, tidy and without secrets
	Rest   time.Duration // how long Board is deaf after a connection was closed
	// Cycles: it can do nothing but take the power and give it back at once, and repeating that cuts again.
	Cycles bool
}

func (s Switch) String() string { return s.Line }

// Manual says that there is no relay.
func (s Switch) Manual() bool { return s.Board == "" }

func (s Switch) same(o Switch) bool { return s.Board == o.Board && s.Outlet == o.Outlet }

// RelaySession is one connection to a relay board. Each call drives or reads one relay, reads it back, and says in its
// error what went wrong; relayproto has the errors. on means that the board behind the relay has power.
type RelaySession interface {
	Set(ctx context.Context, s Switch, on bool) error
	// Cycle is for a Switch that Cycles: after an error, it may have happened all the same.
	Cycle(ctx context.Context, s Switch) error
	Powered(ctx context.Context, s Switch) (bool, error)
	// Test asks the relay board for a sign of life; no relay moves.
	Test(ctx context.Context) error
	Close() error
}

// wire is a power line, understood.
type wire struct {
	sw  Switch
	err error
}

// switchOf understands a board's power line, once for each line: relay boards ask for all boards again and again.
func (f *Fleet) switchOf(s inventory.Spec) (Switch, error) {
	if known, ok := f.wires.Load(s.Power); ok {
		w, _ := known.(wire) // nothing else is stored
		return w.sw, w.err
	}
	sw, err := f.cfg.Power.Parse(s.Power)
	f.wires.Store(s.Power, wire{sw, err})
	return sw, err
}

// darkTime is how long a board is without power at least, so that it does not come up half reset.
const darkTime = time.Second

// What a relay board is doing, for people.
const (
	RelayIdle        = "idle"
	RelayBusy        = "busy"        // a connection is open
	RelayResting     = "resting"     // deaf after a connection, or left alone after a failure
	RelayUnreachable = "unreachable" // the last connection failed
)

// RelayView is a relay board as people see it.
type RelayView struct {
	Name     string        `json:"name"` // host:port
	Rack     string        `json:"rack,omitempty"`
	State    string        `json:"state"`  // idle, busy, resting, or unreachable
	Boards   []string      `json:"boards"` // names of the boards behind it
	Queue    int           `json:"queue"`
	Latency  time.Duration `json:"-"` // from asking to being answered, smoothed; 0: not known
	Millis   float64       `json:"latency_ms,omitempty"`
	age      time.Duration // of its actor's oldest message
	Error    string        `json:"error,omitempty"` // the last one, empty once an exchange went well
	ErrorAt  time.Time     `json:"error_at,omitzero"`
	Good     time.Time     `json:"last_good,omitzero"`
	Incident string        `json:"incident,omitempty"` // id of the open one
}

// powerOp is one thing to do with one relay. One that a board's visit asked for is dropped once the visit is over.
type powerOp struct {
	do    board.Do
	sw    Switch
	id    string // the board's; empty: a person asks for the relay itself
	name  string
	rack  string
	visit uint64
	auto  bool // nobody waits for it: people's come first
	then  bool // the power comes back as soon as this "off" is stored
	gap   time.Duration
	due   time.Time // when the board's limit runs out; zero: no limit

	settle bool      // drives a relay that was left in doubt to the record; no visit waits for it
	look   bool      // reads it first: it may be as recorded
	order  *relayAsk // of a person

	seq   uint64
	fails int  // exchanges that went wrong
	wired bool // something of it may have been sent
}

// rank orders what waits: looks first, what keeps failing last, people before automation, offs before ons, what is due first.
func (o *powerOp) rank() [3]int {
	r := [3]int{min(o.fails, 1), 0, 1}
	if o.look {
		return [3]int{-1}
	}
	if o.auto || o.settle {
		r[1] = 1
	}
	if o.do == board.MakeOff {
		r[2] = 0
	}
	return r
}

// before says whether o is to be done before p.
func (o *powerOp) before(p *powerOp) bool {
	a, b := o.rank(), p.rank()
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	switch {
	case o.due.IsZero() != p.due.IsZero():
		return p.due.IsZero()
	case !o.due.Equal(p.due):
		return o.due.Before(p.due)
	}
	return o.seq < p.seq
}
