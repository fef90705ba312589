package actors

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
)

// Power reaches the relay boards.
type Power interface {
	// Parse reads a board's power address. Its error is a sentence for people, with the remedy.
	Parse(spec string) (Switch, error)
	// Dial opens the one connection that a relay board serves at a time.
	Dial(ctx context.Context, relayBoard string) (RelaySession, error)
	// Rest is how long a relay board is deaf after a connection was closed.
	Rest() time.Duration
}

// Switch is one relay of one relay board.
type Switch struct {
	Board string // host:port of the relay board
	Bank  int    // 1 to 4
	Relay int    // 1 to 8
}

func (s Switch) String() string { return fmt.Sprintf("%s:bank%d:relay%d", s.Board, s.Bank, s.Relay) }

// RelaySession is one connection to a relay board. Each call drives or reads one relay, reads it back, and says in its
// error what went wrong. on means that the board behind the relay has power.
type RelaySession interface {
	Set(ctx context.Context, s Switch, on bool) error
	Powered(ctx context.Context, s Switch) (bool, error)
	Close() error
}

// RelayView is a relay board as people see it.
type RelayView struct {
	Name    string    `json:"name"`   // host:port
	State   string    `json:"state"`  // idle, busy, resting, or unreachable
	Boards  []string  `json:"boards"` // names of the boards behind it
	Queue   int       `json:"queue"`
	Error   string    `json:"error,omitempty"` // the last one, empty once an exchange went well
	ErrorAt time.Time `json:"error_at,omitzero"`
	Good    time.Time `json:"last_good,omitzero"`
}

// powerOp is one thing to do for one board. It is dropped once its visit is over.
type powerOp struct {
	do    board.Do
	sw    Switch
	id    string
	name  string
	visit uint64
	gap   time.Duration
	fails int // exchanges that went wrong
}

type (
	sessionOver struct {
		left []*powerOp // not done, or failed
		err  error      // the first failure
	}
	rested struct{}
)

// relayState is what a relay board's actor publishes.
type relayState struct {
	state   string
	queue   int
	err     string
	errAt   time.Time
	good    time.Time
	failing int // sessions in a row
}

// relayActor owns one relay board: one connection at a time, and a rest after each. What waits shares the next
// connection, offs before ons, so that a chassis goes as one.
type relayActor struct {
	f     *Fleet
	name  string
	self  *actor.PID
	queue []*powerOp
	busy  bool
	st    relayState
}

const (
	sessionLimit = 20 * time.Second
	relayBackoff = 8 * time.Second // at most between two tries of an unreachable relay board
)

// relay finds the actor of a relay board, or makes it.
func (f *Fleet) relay(name string) *actor.PID {
	f.mu.Lock()
	defer f.mu.Unlock()
	pid, ok := f.relays[name]
	if !ok {
		a := &relayActor{f: f, name: name, st: relayState{state: "idle"}}
		pid = f.root.Spawn(actor.PropsFromProducer(func() actor.Actor { return a }))
		f.relays[name] = pid
	}
	return pid
}

// Receive implements actor.Actor. Connections are used outside, in one goroutine at a time.
func (a *relayActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.self = ctx.Self()
	case *powerOp:
		a.queue = slices.DeleteFunc(a.queue, func(o *powerOp) bool { return o.id == m.id })
		a.queue = append(a.queue, m)
	case *sessionOver:
		a.over(m)
	case *rested:
		a.busy = false
		a.st.state = "idle"
	default:
		return
	}
	if !a.busy && len(a.queue) > 0 && a.self != nil {
		a.open()
	}
	a.publish()
}

// open takes all that waits into one session.
func (a *relayActor) open() {
	ops := slices.DeleteFunc(a.queue, a.f.outdated)
	a.queue = nil
	if len(ops) == 0 {
		return
	}
	slices.SortStableFunc(ops, func(x, y *powerOp) int { return cmp.Or(x.fails-y.fails, rankOf(x.do)-rankOf(y.do)) })
	a.busy, a.st.state = true, "busy"
	f, self, name := a.f, a.self, a.name
	go func() {
		m := f.session(name, ops)
		f.root.Send(self, m)
	}()
}

func rankOf(do board.Do) int {
	if do == board.MakeOff {
		return 0
	}
	return 1
}

// outdated says whether nobody waits for the op any more.
func (f *Fleet) outdated(o *powerOp) bool {
	v := f.ByID(o.id)
	return v == nil || v.Board.Visit != o.visit
}

// over notes how a session went and lets the relay board rest. What was not done is tried again for as long as its
// visit lasts; a relay board that cannot be reached is asked less and less often.
func (a *relayActor) over(m *sessionOver) {
	now := a.f.now()
	rest := a.f.cfg.Power.Rest()
	if m.err != nil {
		a.st.failing++
		if a.st.err == "" {
			a.f.log.Warn("relay board in trouble", "relay_board", a.name, "error", m.err)
		}
		a.st.err, a.st.errAt, a.st.state = m.err.Error(), now, "unreachable"
		rest += min(a.f.scale(500*time.Millisecond)<<min(a.st.failing, 6), a.f.scale(relayBackoff))
	} else {
		if a.st.err != "" {
			a.f.log.Info("relay board is well again", "relay_board", a.name)
		}
		a.st.failing, a.st.err, a.st.good, a.st.state = 0, "", now, "resting"
	}
	for _, o := range m.left {
		if !slices.ContainsFunc(a.queue, func(n *powerOp) bool { return n.id == o.id }) {
			a.queue = append(a.queue, o)
		}
	}
	f, self := a.f, a.self
	time.AfterFunc(rest, func() {
		if f.ctx.Err() == nil {
			f.root.Send(self, &rested{})
		}
	})
}

func (a *relayActor) publish() {
	a.st.queue = len(a.queue)
	st := a.st
	a.f.mu.Lock()
	a.f.views[a.name] = &st
	a.f.mu.Unlock()
}

// session does ops on one connection, and tells each board how it went. The first exchange that goes wrong ends it: the
// connection may be out of step. Its op is tried last the next time, so that one relay that sticks does not keep the
// other boards of its chassis in the dark.
func (f *Fleet) session(name string, ops []*powerOp) *sessionOver {
	ctx, cancel := context.WithTimeout(f.ctx, sessionLimit)
	defer cancel()
	s, err := f.cfg.Power.Dial(ctx, name)
	if err != nil {
		for _, o := range ops {
			f.powerFailed(o, err)
		}
		return &sessionOver{ops, err}
	}
	defer func() { _ = s.Close() }() // the exchange is over; there is nothing to do about it
	for i, o := range ops {
		if f.outdated(o) {
			continue
		}
		if i > 0 && rankOf(o.do) > 0 {
			f.pause(ctx, f.scale(o.gap))
		}
		if err := f.exchange(ctx, s, o); err != nil {
			o.fails++
			f.powerFailed(o, err)
			return &sessionOver{ops[i:], err}
		}
	}
	return &sessionOver{}
}

func (f *Fleet) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// exchange does one op, and tells the board when it is done.
func (f *Fleet) exchange(ctx context.Context, s RelaySession, o *powerOp) error {
	kind, text := board.PowerIsOn, "on, read back"
	switch o.do {
	case board.MakeOff:
		if err := s.Set(ctx, o.sw, false); err != nil {
			return err
		}
		kind, text = board.PowerIsOff, "off, read back"
	case board.CheckPower:
		on, err := s.Powered(ctx, o.sw)
		if err != nil {
			return err
		}
		if on {
			f.line(o.name, "relay", 7, o.sw.String()+": has power, read back")
			return nil
		}
		text = "was off against the record: switched on again"
		if err := s.Set(ctx, o.sw, true); err != nil {
			return err
		}
		f.line(o.name, "relay", 4, o.sw.String()+": "+text)
		return nil
	default:
		if err := s.Set(ctx, o.sw, true); err != nil {
			return err
		}
	}
	f.line(o.name, "relay", 6, o.sw.String()+": "+text)
	f.send(o.id, &item{in: board.Input{Kind: kind, Visit: o.visit, Text: text}})
	return nil
}

func (f *Fleet) powerFailed(o *powerOp, err error) {
	f.line(o.name, "relay", 4, fmt.Sprintf("%s: %v", o.sw, err))
	f.send(o.id, &item{in: board.Input{Kind: board.PowerFailed, Visit: o.visit, Text: err.Error()}})
}

// Relays are the relay boards that boards hang on, sorted by name.
func (f *Fleet) Relays() []RelayView {
	boards := make(map[string][]string)
	for _, v := range f.Views() {
		if sw, err := f.cfg.Power.Parse(v.Spec.Power); err == nil {
			boards[sw.Board] = append(boards[sw.Board], v.Spec.Name)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]RelayView, 0, len(boards))
	for name, names := range boards {
		v := RelayView{Name: name, State: "idle", Boards: names}
		if st := f.views[name]; st != nil {
			v.State, v.Queue, v.Error, v.ErrorAt, v.Good = st.state, st.queue, st.err, st.errAt, st.good
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b RelayView) int { return strings.Compare(a.Name, b.Name) })
	return all
}
