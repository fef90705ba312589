package actors

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
	"mozpool/relayproto"
)

// Messages to a relay board's actor, beside powerOp.
type (
	// wantOp: the connection asks what to do next; reply has room for one answer, nil: close.
	wantOp struct{ reply chan *powerOp }
	// reached: the connection stands, and the relay board gave a sign of life.
	reached struct{ took time.Duration }
	// opDone: the op that was handed out was done, or failed.
	opDone struct {
		op  *powerOp
		err error
	}
	// sessionOver: the connection is closed. err: it brought no sign of life.
	sessionOver struct{ err error }
	rested      struct{}
	// look again: something may be ready, or the connection may be closed.
	look struct{}
	// awaits: a board waits for its relay, and is to be told when that makes sense again.
	awaits struct{ id string }
	// idleTest: it is time for a sign of life.
	idleTest struct{}
)

// relayState is what a relay board's actor publishes.
type relayState struct {
	state    string
	queue    int
	latency  time.Duration
	err      string
	errAt    time.Time
	good     time.Time
	incident string
	box      *mailbox
}

// relayActor owns one relay board: one connection at a time, and a rest after each. What waits shares the connection.
type relayActor struct {
	f       *Fleet
	name    string
	to      Switch // any of its relays
	rack    string // of the board that asked last
	self    *actor.PID
	line    *line
	busy    bool             // a connection is open, or opening
	resting bool             // none may be opened yet
	asker   chan *powerOp    // of the connection that waits for work; nil: it works
	handed  *powerOp         // what it works on
	doubt   map[Switch]doubt // relays that may be off against the record
	byHand  map[Switch]bool  // relays that a person has switched past the record
	foreign bool             // somebody else had the connection since the last one
	trouble relayTrouble
	limits  RelayLimits
	timer   *time.Timer
	idle    *time.Timer
	st      relayState
}

// relay finds the actor of a relay board, or makes it.
func (f *Fleet) relay(to Switch) *actor.PID {
	f.mu.Lock()
	defer f.mu.Unlock()
	pid, ok := f.relays[to.Board]
	if !ok {
		a := newRelayActor(f, to)
		pid = f.root.Spawn(a.st.box.props(func() actor.Actor { return a }))
		f.relays[to.Board] = pid
	}
	return pid
}

func newRelayActor(f *Fleet, to Switch) *relayActor {
	name, dark, linger := to.Board, f.scale(darkTime), f.scale(commitPatience)
	limits := f.cfg.Relays.orDefault()
	limits.Window = f.scale(limits.Window)
	a := &relayActor{f: f, name: name, to: to, line: newLine(time.Now(), dark, linger), doubt: make(map[Switch]doubt), byHand: make(map[Switch]bool), limits: limits,
		st: relayState{state: RelayIdle, box: &mailbox{}}}
	if i := f.incidents.open(IncidentRelay, name); i != nil {
		a.st.incident = i.ID
		a.trouble = relayTrouble{sessions: a.limits.Sessions, since: i.Opened, boards: make(map[string]bool)}
	}
	return a
}

// commitPatience is how long a connection waits for boards that it cut to store that, and to ask for their power.
const commitPatience = 1500 * time.Millisecond

// Receive implements actor.Actor. Connections are used outside, in one goroutine at a time.
func (a *relayActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.self = ctx.Self()
		a.armIdle()
		if left := time.Until(a.f.born.Add(a.to.Rest)); left > 0 { // deaf from a connection of the process before this one
			a.resting = true
			a.after(left, &rested{})
		}
	case *powerOp:
		a.take(m)
	case *wantOp:
		a.asker = m.reply
	case *reached:
		a.reached(m)
	case *opDone:
		a.opDone(m)
	case *sessionOver:
		a.over(m)
	case *rested:
		a.resting = false
		if a.st.state == RelayResting {
			a.st.state = RelayIdle
		}
	case *awaits:
		a.release(m.id)
	case *idleTest:
		a.test()
	case *backRead:
		a.readBack(false)
	case *look:
	case *actor.Stopping, *actor.Restarting:
		a.stopTimers()
		return
	default:
		return
	}
	a.work()
	a.publish()
}

func (a *relayActor) stopTimers() {
	for _, t := range []*time.Timer{a.timer, a.idle} {
		if t != nil {
			t.Stop()
		}
	}
}

// take queues an op; while the relay board has an incident, boards are told to wait for its end instead.
func (a *relayActor) take(o *powerOp) {
	if o.rack != "" {
		a.rack = o.rack
	}
	a.to = o.sw
	a.line.add(o)
	if a.st.incident != "" {
		a.sendAway()
	}
}

// work gives the open connection something to do, or opens one.
func (a *relayActor) work() {
	a.line.drop(a.f.outdated)
	free := !a.busy && !a.resting && a.self != nil && a.f.ctx.Err() == nil
	if free && a.st.incident != "" && len(a.f.hangOn(a.name)) == 0 {
		a.endIncident()
	}
	switch {
	case a.asker != nil:
		a.feed()
	case free && (len(a.line.ops) > 0 || a.st.incident != ""):
		a.open()
	}
}

// feed answers the connection that waits.
func (a *relayActor) feed() {
	o, wait := a.line.pick(time.Now())
	if o == nil && wait > 0 {
		a.lookAfter(wait)
		return
	}
	a.handed = o
	a.asker <- o
	a.asker = nil
}

func (a *relayActor) lookAfter(d time.Duration) {
	if a.timer != nil {
		a.timer.Stop()
	}
	a.timer = a.after(d, &look{})
}

// after sends the actor a message, unless the server stops before.
func (a *relayActor) after(d time.Duration, msg any) *time.Timer {
	f, self := a.f, a.self
	return time.AfterFunc(d, func() {
		if f.ctx.Err() == nil {
			f.root.Send(self, msg)
		}
	})
}

func (a *relayActor) open() {
	a.busy, a.st.state = true, RelayBusy
	a.line.open(time.Now())
	s := session{f: a.f, self: a.self, to: a.to, rack: a.rack}
	a.f.aside.Go(s.run) // ends with sessionOver
}

// reached: the relay board lives. What looked like an incident is over.
func (a *relayActor) reached(m *reached) {
	if a.st.latency == 0 {
		a.st.latency = m.took
	}
	a.st.latency += (m.took - a.st.latency) / 4
	a.trouble.well()
	a.st.good = a.f.now()
	if a.foreign {
		a.foreign = false
		a.readBack(true)
	}
	if a.st.incident != "" {
		a.endIncident()
	}
}

// opDone notes how an op went. One that failed is tried again for as long as its visit lasts; the connection is over.
func (a *relayActor) opDone(m *opDone) {
	a.handed = nil
	o := m.op
	switch {
	case m.err == nil:
		a.line.done(o, time.Now())
		a.byPerson(o)
		delete(a.doubt, o.sw)
		a.st.err, a.st.errAt = "", time.Time{}
		return
	case wired(m.err):
		o.wired = true
		a.doubtful(o)
	}
	a.fault(m.err)
	o.fails++
	if o.order == nil && !o.settle && !(o.wired && o.do == board.Cycle) && !slices.ContainsFunc(a.line.ops, func(n *powerOp) bool { return n.id == o.id }) {
		a.line.ops = append(a.line.ops, o)
	}
}

// fault keeps the last error, and says so once.
func (a *relayActor) fault(err error) {
	if a.st.err == "" {
		a.f.log.Warn("relay board in trouble", "relay_board", a.name, "error", err)
	}
	a.st.err, a.st.errAt = err.Error(), a.f.now()
}

// over lets the relay board rest after a connection, longer after one that brought nothing.
func (a *relayActor) over(m *sessionOver) {
	a.busy, a.asker, a.resting, a.st.state = false, nil, true, RelayResting
	rest := a.to.Rest
	if o := a.handed; o != nil { // the connection ended before it was begun
		a.handed = nil
		a.line.ops = append(a.line.ops, o)
	}
	if m.err != nil {
		a.failed(m.err)
		rest += a.trouble.pause(a.f.scale)
	}
	a.settleDoubts()
	a.after(rest, &rested{})
	a.armIdle()
}

// failed notes a connection without a sign of life.
func (a *relayActor) failed(err error) {
	a.st.state = RelayUnreachable
	a.fault(err)
	a.turnedAway(err)
	var waiting []string
	for _, o := range a.line.ops {
		if o.id != "" && !o.settle {
			waiting = append(waiting, o.name)
			a.f.powerFailed(o, err)
		}
	}
	a.line.drop(func(o *powerOp) bool {
		if o.order != nil {
			o.order.reply <- relayAnswer{err: err}
		}
		return o.order != nil
	})
	if errors.Is(err, relayproto.ErrHeld) {
		return // we held back; the relay board was not asked
	}
	a.trouble.failed(a.f.now(), waiting)
	if a.st.incident == "" && a.trouble.incident(a.limits, a.f.now()) {
		a.beginIncident()
	}
}

// outdated says whether nobody waits for the op any more.
func (f *Fleet) outdated(o *powerOp) bool {
	switch {
	case o.order != nil:
		return o.order.ctx.Err() != nil
	case o.settle:
		return false
	}
	v := f.ByID(o.id)
	return v == nil || v.Board.Visit != o.visit
}

// armIdle asks for a sign of life after a time without work.
func (a *relayActor) armIdle() {
	if a.idle != nil {
		a.idle.Stop()
	}
	if a.limits.Test > 0 {
		a.idle = a.after(a.f.scale(a.limits.Test), &idleTest{})
	}
}

func (a *relayActor) test() {
	if !a.busy && !a.resting && a.f.ctx.Err() == nil && len(a.f.hangOn(a.name)) > 0 {
		a.open()
	}
}

func (a *relayActor) publish() {
	a.st.queue = len(a.line.ops)
	st := a.st
	a.f.mu.Lock()
	a.f.views[a.name] = &st
	a.f.mu.Unlock()
}

// Relays are the relay boards that boards hang on, sorted by name.
func (f *Fleet) Relays() []RelayView {
	all := make(map[string]*RelayView)
	for _, v := range f.Views() {
		sw, err := f.switchOf(v.Spec)
		if err != nil || sw.Manual() {
			continue
		}
		r := all[sw.Board]
		if r == nil {
			r = &RelayView{Name: sw.Board, Rack: v.Spec.Rack, State: RelayIdle}
			all[sw.Board] = r
		}
		r.Boards = append(r.Boards, v.Spec.Name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]RelayView, 0, len(all))
	for name, r := range all {
		if st := f.views[name]; st != nil {
			r.State, r.Queue, r.Error, r.ErrorAt, r.Good, r.Incident = st.state, st.queue, st.err, st.errAt, st.good, st.incident
			r.Latency, r.Millis, r.age = st.latency, float64(st.latency.Microseconds())/1000, st.box.age()
		}
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b RelayView) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// isPower says whether an op is one of a board's power cycle, which waits while its relay board has an incident.
func (o *powerOp) isPower() bool {
	return o.id != "" && !o.settle && (o.do == board.MakeOff || o.do == board.MakeOn)
}
