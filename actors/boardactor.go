package actors

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// Messages to a board's actor.
type (
	// item is one input; reply, if not nil, has room for one answer.
	item struct {
		in     board.Input
		inputs *Inputs // a wish's
		reply  chan reply
		tries  int       // times that the journal could not store what came of it
		late   bool      // of a limit: it ran out while this process stood still
		armed  time.Time // of a limit: when it began; zero: it is of none
	}
	reply struct {
		result board.Result
		err    error
	}
	// committed is the journal's answer to the change in flight.
	committed struct {
		flight *flight
		err    error
	}
	// again sends the change in flight to the journal once more.
	again struct{ flight *flight }
	// reloaded is what the journal has of the board.
	reloaded struct {
		stored persistence.Stored
		err    error
	}
	// report is progress of the boot with this token.
	report struct {
		token board.Token
		p     Progress
	}
	specChanged struct{ spec inventory.Spec }
)

// boardActor owns one board. It is the persistent actor of the design: Step says what changes, the journal makes it
// durable, and only then the effects leave. At most one change is in flight; inputs wait behind it in order.
type boardActor struct {
	f      *Fleet
	c      *cell
	self   *actor.PID
	spec   inventory.Spec // as a repair has it
	listed inventory.Spec // as the inventory has it
	b      board.Board
	seq    uint64
	inputs *Inputs
	flight *flight
	queue  []*item
	last   Progress
	shown  time.Time // when progress was published last
	tracer tracer

	limit   *time.Timer
	stall   *time.Timer
	armed   time.Time // when the limits began last
	moved   time.Time // when the stall limit began last, or was renewed
	health  *time.Timer
	found   Health // by the last health check of this visit
	probe   context.CancelFunc
	console context.CancelFunc // ends the reading of its console; nil: none is read
}

func newBoardActor(f *Fleet, c *cell) *boardActor {
	v := c.view.Load()
	return &boardActor{f: f, c: c, spec: v.Spec, listed: v.listed(), b: v.Board, seq: v.Seq, inputs: v.Inputs}
}

// Receive implements actor.Actor. It never waits.
func (a *boardActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.self = ctx.Self()
		a.c.pid.Store(a.self)
		a.wake()
	case *item:
		a.take(m)
	case *committed:
		a.landed(m)
	case *again:
		if a.flight == m.flight {
			a.commit(m.flight)
		}
	case *reloaded:
		a.reload(m)
	case *report:
		a.progress(m)
	case *checkDue:
		a.checkHealth(m)
	case *checked:
		a.healthChecked(m)
	case *specChanged:
		a.respec(m.spec)
	case *actor.Stopping, *actor.Restarting:
		a.end()
	}
}

// wake takes the board up where it was left.
func (a *boardActor) wake() {
	a.follow()
	if a.seq == 0 {
		a.arrive()
		return
	}
	a.run(&item{in: board.Input{Kind: board.Resume}})
	a.arm()
	if a.b.WaitsFor(board.ForRelay) {
		a.f.release(a.c.view.Load())
	}
}

// arrive stores a board that nobody has seen before, and does with it what its rack says.
func (a *boardActor) arrive() {
	a.run(&item{in: board.Input{Kind: board.Remark}})
	if want := a.f.rack(a.spec.Rack).rules.NewBoards; want != board.WantNothing {
		go a.f.begin(a.spec.Name, want, "new_boards")
	}
}

// take runs an item, or queues it behind the change in flight.
func (a *boardActor) take(it *item) {
	if a.flight == nil {
		a.run(it)
		return
	}
	if len(a.queue) >= queueLimit && it.droppable() {
		it.answer(reply{err: problem(Unavailable, "try again", "board %s has %d inputs waiting", a.spec.Name, queueLimit)})
		a.f.log.Warn("input dropped: the queue is full", "board", a.spec.Name, "input", it.in.Kind)
		return
	}
	a.renew(&it.in) // it is heard now, whenever it is judged
	a.queue = append(a.queue, it)
}

// droppable says whether somebody will say it again, or nobody misses it. A limit that ran out, an answer of a relay or
// of the power budget comes once.
func (it *item) droppable() bool {
	switch it.in.Kind {
	case board.Timeout, board.Stalled, board.Unheard, board.PowerIsOff, board.PowerIsOn, board.PowerFailed, board.ProbeOK, board.Admitted,
		board.RelayDown, board.RelayUp, board.Miswired, board.StillUp, board.ImageCleared:
		return false
	default:
		return true
	}
}

func (it *item) answer(r reply) {
	if it.reply != nil {
		it.reply <- r
		it.reply = nil
	}
}

// run feeds one input to Step, and sends what has to be stored on its way.
func (a *boardActor) run(it *item) {
	if a.spares(it) {
		return
	}
	in := it.in
	if a.b.Exchange != nil && exchanged(a.listed, a.b.Exchange).Equal(a.listed) {
		a.b.Exchange = nil // the inventory has followed
	}
	in.Now, in.Fresh, in.Rules = a.f.now(), fresh(), a.rules(it.inputs)
	places := a.f.rack(a.spec.Rack).places
	in.Place = places.has(a.c.id)
	if in.Kind == board.Admitted {
		in.Visit = a.b.Visit
	}
	a.cross(&in)
	if in.Kind == board.LoaderAsked {
		a.f.hears(a.spec.Rack, a.spec.MAC, a.spec.Name)
	}
	res := board.Step(a.b, in)
	if wantsPlace(&res) && !in.Place && places.take(a.c.id) {
		in.Place = true
		res = board.Step(a.b, in)
	}
	if res.Store {
		a.flight = newFlight(a, it, in, res)
		a.commit(a.flight)
		return
	}
	changed := res.Board.Evidence != a.b.Evidence || res.Board.Deadline != a.b.Deadline || res.Board.Free != a.b.Free
	from := a.b
	a.b = res.Board
	a.traceInput(&from, &in, &res)
	a.settlePlace()
	a.hearken(from, &in)
	if changed {
		a.publish()
	}
	if in.Kind == board.Unheard {
		a.arm()
	}
	a.renew(&in)
	a.perform(res.Effects)
	it.answer(reply{result: res})
}

// wantsPlace says that the step stopped only for want of a place in the power budget.
func wantsPlace(r *board.Result) bool {
	return r.Board.State == board.Waiting && r.Board.WaitingFor == board.ForPowerBudget && r.Board.Deadline == 0
}

// rules are what holds for the board now; of is the inputs of a wish that is being judged, else nil.
func (a *boardActor) rules(of *Inputs) *board.Rules {
	if of == nil {
		of = a.inputs
	}
	r := &board.Rules{Speed: a.f.cfg.Speed, FailedOff: a.f.rack(a.spec.Rack).rules.FailedOff,
		Jitter: a.f.scale(rand.N(10 * time.Second))}
	if sw, err := a.f.switchOf(a.spec); err != nil {
		r.Powerless = err.Error()
	} else {
		r.Manual, r.CyclesOnly = sw.Manual(), sw.Cycles
	}
	if of != nil {
		r.Suspect = a.b.Want == board.WantImage && a.f.suspect(a.b.Image, &a.spec)
		r.Limits, r.Stall, r.Verify = of.Limits, of.Stall, of.Check.Kind
	}
	return r
}

// adopt takes over what is durable now, tells readers, and only then lets effects leave.
func (a *boardActor) adopt(fl *flight) {
	from := a.b
	a.b, a.seq = fl.res.Board, a.seq+1
	if fl.item.inputs != nil {
		a.inputs = fl.item.inputs
	}
	a.traceInput(&from, &fl.in, &fl.res)
	if from.Visit != a.b.Visit {
		a.traceMove(&from, fl)
		a.last, a.found = Progress{}, Health{}
		if a.probe != nil {
			a.probe()
			a.probe = nil
		}
	}
	a.wrote(&from, &fl.in)
	a.settlePlace()
	if a.b.Exchange != from.Exchange {
		a.respec(a.listed)
	} else {
		a.publish()
	}
	a.hearken(from, &fl.in)
	if from.Visit != a.b.Visit {
		a.arm()
		a.tell(from, fl)
		a.adapt(&from, &fl.res)
		if fl.res.Ended && from.Want == board.WantImage {
			a.f.fared(a.c.view.Load(), from.Image, from.Rest)
		}
		a.f.cfg.Metrics.moved(a.spec.Rack, &from, &fl.res, a.f.now())
		a.entered(fl.in.Kind)
	} else {
		a.stayed(fl)
	}
	a.perform(fl.res.Effects)
}

// stayed is adopt's last part where the visit goes on.
func (a *boardActor) stayed(fl *flight) {
	switch {
	case fl.in.Kind == board.StillUp && a.b.State == board.Off:
		a.lookDark() // it was cut once more
	case fl.in.Kind == board.Unheard:
		a.run(&item{in: fl.in}) // its limit begins now, not when it was sent on its way
	case fl.in.Kind == board.Timeout:
		a.arm() // it fired too early, as after the clock was set, and must fire again
	}
}

// adapt tells the power budget how the network bears the boots that it lets through.
func (a *boardActor) adapt(from *board.Board, res *board.Result) {
	p := a.f.rack(a.spec.Rack).places
	switch {
	case res.Failed != nil && res.Failed.Blame.Part == board.PartNetwork:
		p.lost(a.f.now(), a.f.scale(narrowEvery))
	case a.b.State == board.Writing && from.State != board.Writing:
		p.came()
	}
}

// entered does what a state wants of others than the board and its relay.
func (a *boardActor) entered(by board.Kind) {
	switch {
	case a.b.WaitsFor(board.ForRelay):
		a.f.release(a.c.view.Load())
	case by == board.PowerIsOff:
		a.lookDark()
	}
}

// settlePlace tells the power budget what the board does now.
func (a *boardActor) settlePlace() {
	b := &a.b
	queues, since := b.WaitsFor(board.ForPowerBudget) && b.Deadline == 0, b.Since
	if b.Next == board.Powering {
		since = 0 // it stands dark, so it goes first
	}
	a.f.rack(a.spec.Rack).places.settle(a.c.id, holdsPlace(b), queues, since)
}

// holdsPlace says whether a board takes a place of the power budget: not one that is only being switched off.
func holdsPlace(b *board.Board) bool { return b.State.HoldsPlace() && b.Want != board.WantPowerOff }

// respec takes a changed entry of the inventory, or what a repair changed. Another relay ends what was said of the one
// before.
func (a *boardActor) respec(listed inventory.Spec) {
	a.listed = listed
	spec := exchanged(listed, a.b.Exchange)
	moved, wired := spec.Power != a.spec.Power, spec.Console != a.spec.Console || spec.Name != a.spec.Name
	a.spec = spec
	a.publish()
	if wired {
		a.follow()
	}
	if !moved {
		return
	}
	if i := a.f.incidents.crossedWith(spec.Name); i != nil {
		a.f.closeIncident(i.ID, "inventory")
	}
	a.f.letGo(append(a.f.rack(spec.Rack).crossings.heard(a.c.id), a.c.id))
}

// publish shows the board to all readers.
func (a *boardActor) publish() {
	v := &View{Board: a.b, Seq: a.seq, Inputs: a.inputs, Progress: a.last, Health: a.found, At: a.f.now()}
	v.exchange(a.listed)
	v.Address = addressOf(v)
	a.f.roster.publish(a.c, v)
}

// progress takes the bytes of a transfer or a write: volatile, and enough to renew the stall limit.
func (a *boardActor) progress(m *report) {
	if m.token != a.b.Token || m.token.IsZero() {
		return
	}
	now := a.f.now()
	if m.p.Acked && !a.last.Acked && now.Sub(a.last.At) < a.f.scale(boardSpeaks) {
		a.renewStall() // the board says more of itself
		return
	}
	moved := m.p.Done != a.last.Done || m.p.Artifact != a.last.Artifact || m.p.Step != a.last.Step
	fresh := m.p.Artifact != a.last.Artifact || m.p.Step != a.last.Step
	if fresh {
		a.traceTransfer(&a.b, a.last)
	}
	a.last = m.p
	a.last.At = now
	if fresh || moved && m.p.Done == m.p.Total {
		a.traceTransfer(&a.b, a.last)
	}
	if moved {
		a.renewStall()
	}
	if now.Sub(a.shown) >= progressEvery || m.p.Done == m.p.Total {
		a.shown = now
		a.publish()
	}
}

// boardSpeaks is how long what a board said of its own progress counts for more than what its server sees.
const boardSpeaks = 15 * time.Second

// progressEvery bounds how often a board is published for its bytes alone.
const progressEvery = 200 * time.Millisecond
