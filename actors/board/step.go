package board

import (
	"fmt"
	"slices"
	"time"
)

// Step is a board's life: what input in makes of board b. It is pure and total: every input in every state has an
// answer, b is not changed, and the same arguments give the same result. The caller stores Result.Board where
// Result.Store says so, then performs Result.Effects.
func Step(b Board, in Input) Result {
	if in.Rules == nil {
		in.Rules = &Rules{}
	}
	if in.Kind == Rebooting && !in.Good {
		in.Kind = readBackBad
	}
	s := &step{b: b, in: &in, r: Result{Verdict: Noted}}
	s.run()
	s.r.Board = s.b
	return s.r
}

// step is one call of Step.
type step struct {
	b     Board
	in    *Input
	r     Result
	owned bool
}

func (s *step) run() {
	switch s.in.Kind {
	case Timeout, Stalled, PowerIsOff, PowerIsOn, PowerFailed, ProbeOK, Admitted, RelayDown, StillUp:
		s.answer()
	case RelayUp, Miswired:
		s.relay()
	case ImageCleared:
		s.imageCleared()
	case Resume:
		s.resume()
	case Unheard:
		s.anew()
	case Wish:
		s.wish()
	case Cancel, Accept, SetLock, Unlock, Relabel, Remark:
		s.order()
	case SetState:
		s.setState()
	case Repaired:
		s.repaired()
	default:
		s.evidence()
	}
}

// own makes the lists of s.b safe to change.
func (s *step) own() {
	if !s.owned {
		s.b, s.owned = s.b.clone(), true
	}
}

// answer takes what was started by a visit: limits, relay, probe, budget.
func (s *step) answer() {
	if s.in.Visit != s.b.Visit {
		s.r.Verdict = Stale
		return
	}
	switch s.in.Kind {
	case PowerFailed:
		s.note()
	case Timeout, Stalled:
		s.timeout()
	case Admitted:
		if s.b.WaitsFor(ForPowerBudget) && s.in.Place {
			s.toward(s.b.Next)
		}
	case StillUp:
		s.stillUp()
	default:
		if s.in.Kind == PowerIsOff {
			s.b.OffAt = s.in.Now.UnixMilli()
		}
		if m, ok := table[s.b.State].on[s.in.Kind]; ok {
			s.note()
			s.fire(m)
		}
	}
}

// timeout ends a visit that did not do its work, or looks again whether a pause may end.
func (s *step) timeout() {
	switch {
	case s.in.Kind == Stalled && table[s.b.State].stall == 0:
		return // nothing is expected to move here
	case s.b.WaitsFor(ForPowerBudget):
		s.toward(s.b.Next)
	case s.b.WaitsFor(ForPerson):
		s.own()
		s.b.Blame = &Blame{PartBoard, fmt.Sprintf("nobody switched it off and on within %v", personPatience)}
		s.settle(FailedBoot)
	case s.crossed():
		s.fail(Blame{PartWiring, "its relay seems to switch " + s.in.Crossed}, s.els())
	case s.b.State.Working():
		s.fail(suspect(&s.b, s.in), s.els())
	}
}

// fire follows a move.
func (s *step) fire(m move) {
	if m.guard != nil {
		if v := m.guard(&s.b, s.in); v != Moved {
			s.r.Verdict = v
			return
		}
	}
	if m.fails {
		next := s.els()
		if len(m.to) == 1 {
			next = m.to[0]
		}
		s.fail(suspect(&s.b, s.in), next)
		return
	}
	if next := s.target(m); next == Waiting {
		s.relayDown()
	} else {
		s.leave(next)
	}
}

// target is where a move leads.
func (s *step) target(m move) State {
	next := m.to[0]
	if m.pick != nil {
		next = m.pick(&s.b, s.in)
	}
	if !slices.Contains(m.to, next) {
		panic(fmt.Sprintf("board: %s in %s leads to %s, which its row does not name", s.in.Kind, s.b.State, next))
	}
	return next
}

// leave ends a visit that did its work.
func (s *step) leave(next State) {
	s.own()
	switch {
	case s.b.State == Writing || s.b.State == SelfTesting, s.b.State == Live && s.in.Kind == TestOK:
		s.b.Done = true
		if s.b.State == Writing {
			s.b.Card = s.b.Image
		}
	case next == Writing:
		s.b.Written, s.b.Card = true, ""
	}
	if next.Rest() {
		s.settle(next)
		return
	}
	s.enter(next)
}

func (s *step) els() State { return table[s.b.State].els }

// fail ends a visit that did not do its work. It costs the row a try, unless the limit that fired was begun anew; the
// attempt goes on at next while the row has tries left.
func (s *step) fail(why Blame, next State) {
	s.own()
	state := s.b.State
	row := table[state]
	free := s.b.Free && (s.in.Kind == Timeout || s.in.Kind == Stalled) || s.crossedFree(why)
	why.Text = cut(why.Text)
	s.b.Blame = &why
	s.r.Failed = &FailedVisit{State: state, Blame: why, Free: free}
	if !free {
		s.b.Tries[state]++
	}
	tries := s.in.Rules.TriesOf(state)
	switch {
	case int(s.b.Tries[state]) >= tries && s.imageSuspect(state):
		s.retire()
		s.wait(ForImage, Cutting)
		return
	case int(s.b.Tries[state]) >= tries:
		s.settle(row.fail)
		return
	case s.in.Crossed != "" && s.in.Confirmed:
		s.settle(FailedPower)
		return
	case s.in.Crossed != "" && s.in.Kind == LoaderAsked:
		s.retire()
		s.wait(ForRelay, s.els()) // whoever cuts it now may cut another board
		return
	}
	if (state == Restarting || state == Verifying) && int(s.b.Tries[state]) == tries/2 {
		s.b.Done = false // a card can lose what its read-back showed: write it once more
	}
	if next != Cutting || state == Cutting {
		s.enter(next)
		return
	}
	s.toward(Cutting)
}

// crossedFree says whether a visit failed because another board's relay was switched. The power cycle that follows bounds
// how often; a board without a relay has none, so there it costs a try like any other failure.
func (s *step) crossedFree(why Blame) bool {
	return why.Part == PartWiring && s.in.Crossed != "" && !s.in.Rules.Manual
}

// toward begins a boot by way of next (Cutting, or Powering for a board without power). Every boot that an earlier
// one loses to it is over from here. Where the budget of power has no place, or the board has used its cycles of
// this hour, it waits: no board stands dark in a queue.
func (s *step) toward(next State) {
	s.own()
	s.retire()
	s.b.OffAt, s.b.StillUp = 0, false
	if s.in.Rules.Manual {
		s.mint()
		s.waitForPerson()
		return
	}
	now := s.in.Now
	hour := int64(s.in.Rules.scale(time.Hour) / time.Second)
	s.b.Hour = slices.DeleteFunc(s.b.Hour, func(t int64) bool { return now.Unix()-t >= hour })
	for i, t := range s.b.Hour {
		s.b.Hour[i] = min(t, now.Unix()) // counted by a clock that was ahead: the hour begins now, not then
	}
	switch {
	case next == Cutting && s.b.Cycles >= cyclesAttempt:
		s.spent()
		return
	case next == Cutting && len(s.b.Hour) >= cyclesHour:
		s.wait(ForPowerBudget, next)
		s.b.Deadline = (s.b.Hour[0] + hour) * 1000
		return
	case !s.in.Place:
		s.wait(ForPowerBudget, next)
		s.b.Deadline = 0 // it queues from here on, though it waited for its hour before
		return
	}
	if next == Cutting {
		s.b.Cycles++
		s.b.Hour = append(s.b.Hour, now.Unix())
	}
	s.mint()
	s.enter(next)
}

// imageSuspect says whether what failed is put down to the image, which fails on boards that work otherwise.
func (s *step) imageSuspect(state State) bool {
	switch state {
	case Live, Downloading, Writing, Restarting, Verifying:
		return s.in.Rules.Suspect && s.b.Want == WantImage
	default:
		return false
	}
}

// imageCleared begins the attempt anew, with all its tries: the image is another one now, or a person vouches for it.
func (s *step) imageCleared() {
	if !s.b.WaitsFor(ForImage) {
		return
	}
	s.own()
	s.b.Tries, s.b.Cycles, s.b.Written, s.b.Done, s.b.Blame = map[State]uint8{}, 0, false, false, nil
	s.toward(Cutting)
}

// spent ends an attempt that has no power cycle left, in the rest of the row that asked for one more. A pause that ends
// asks for the relay's sake.
func (s *step) spent() {
	rest := table[s.b.State].fail
	if rest == "" {
		rest = FailedPower
	}
	if s.b.Blame == nil {
		s.b.Blame = &Blame{PartBoard, fmt.Sprintf("used the %d power cycles of one attempt", cyclesAttempt)}
	}
	s.settle(rest)
}

// mint decides a boot, with a token of its own if it is to be the live environment.
func (s *step) mint() {
	s.b.Evidence = Fact{}
	if s.b.liveNext() {
		s.b.Boot++
		s.b.Token = s.in.Fresh
		s.r.Boot = true
	}
}

// retire ends the boot that is alive, if one is.
func (s *step) retire() {
	if s.b.Token.IsZero() {
		return
	}
	s.own()
	s.b.Past = append(s.b.Past, s.b.Token)
	if n := len(s.b.Past); n > maxPast {
		s.b.Past = s.b.Past[n-maxPast:]
	}
	s.b.Token = Token{}
}

// enter begins a visit.
func (s *step) enter(state State) {
	s.own()
	s.b.State, s.b.Since, s.b.Deadline = state, s.in.Now.UnixMilli(), 0
	s.b.Visit++
	s.b.Free = false
	s.b.WaitingFor, s.b.Next = "", ""
	if d := s.in.Rules.Limit(state); d > 0 {
		s.b.Deadline = s.in.Now.Add(d).UnixMilli()
	}
	switch state {
	case Cutting:
		s.b.Power = PowerOff
	case Powering:
		s.b.Power = PowerOn
	default:
	}
	s.effect(table[state].enter)
	if s.in.Rules.CyclesOnly && s.in.Kind == PowerIsOn {
		s.effect(Cycle) // its "off" and "on" only found the switch alive
	}
	s.r.Store, s.r.Verdict = true, Moved
}

// wait pauses the attempt until next may be entered. Where the board waits already, it stays in the same visit, so
// that its place in the queue is kept.
func (s *step) wait(what WaitingFor, next State) {
	if s.b.State != Waiting || s.b.WaitingFor != what {
		s.enter(Waiting)
	}
	s.b.WaitingFor, s.b.Next = what, next
	s.r.Store = true
}

// settle ends the attempt in a rest.
func (s *step) settle(state State) {
	s.own()
	if state != Ready && state != Maintenance {
		s.retire()
	}
	if state != Off {
		s.b.OffAt, s.b.StillUp = 0, false
	}
	s.enter(state)
	s.r.Ended = s.b.Want != WantNothing
	s.b.Want = WantNothing
	if state.Failed() {
		if s.in.Rules.FailedOff && s.in.Rules.Powerless == "" && !s.in.Rules.Manual && !s.in.Rules.CyclesOnly && s.b.Power != PowerOff {
			s.b.Power = PowerOff
			s.effect(MakeOff)
		}
	} else {
		s.b.Blame = nil
	}
}

func (s *step) effect(do Do) {
	if do == CheckPower && s.in.Rules.CyclesOnly {
		return // there is nothing to make on
	}
	if do != "" && (do == Probe || !s.in.Rules.Manual) {
		s.r.Effects = append(s.r.Effects, Effect{Do: do, Visit: s.b.Visit})
	}
}

// resume takes a board up again after a crash, a restart or a take-over.
func (s *step) resume() {
	if s.b.State.Working() {
		s.anew()
		s.effect(table[s.b.State].resume)
	}
}

// anew begins a limit anew, with a first one that costs no try: nobody knows how much of the time before was the board's.
// What is stored of it is by another clock, perhaps another server's, so it is not reckoned with. A board that is silent
// where something has to move shows that within its stall limit.
func (s *step) anew() {
	if !s.b.State.Working() {
		return
	}
	s.b.Deadline = s.in.Now.Add(s.in.Rules.Limit(s.b.State) + s.in.Rules.Jitter).UnixMilli()
	s.b.Free = true
}
