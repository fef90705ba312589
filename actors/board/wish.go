package board

import (
	"fmt"
	"slices"
)

// wish begins an attempt, or says why not.
func (s *step) wish() {
	if s.known() || s.locked() || !s.mayBegin() {
		return
	}
	s.own()
	s.begin()
	switch s.in.Want {
	case WantPowerOff:
		s.retire()
		s.enter(Cutting)
	case WantPowerOn:
		s.toward(Powering)
	default:
		s.toward(Cutting)
	}
}

// OtherWish is what is said to who asks for another thing under an id of before.
const OtherWish, OtherWishRemedy = "its Idempotency-Key was that of another request", "send a new key with each request, and the same only to send that request again"

// known answers what was asked before.
func (s *step) known() bool {
	known, other := s.b.Known(s.in.WishID)
	if other {
		s.refuse(OtherWishRemedy, OtherWish)
	} else if known != nil {
		s.r.Verdict = Repeated
	}
	return known != nil
}

// remember keeps the id of what is done now. Where there is no room the oldest order goes first, since to label a board twice
// does no harm: an order is of the attempt before it, and each wish is one of its own.
func (s *step) remember() {
	if s.in.WishID == [8]byte{} {
		return
	}
	s.own()
	b := &s.b
	b.Wishes = append(b.Wishes, Answered{ID: s.in.WishID, Attempt: b.Attempt})
	if n := len(b.Wishes); n > maxWishes {
		oldest := 0
		for i := n - 2; i > 0; i-- {
			if b.Wishes[i].Attempt == b.Wishes[i-1].Attempt {
				oldest = i
			}
		}
		b.Wishes = slices.Delete(b.Wishes, oldest, oldest+1)
	}
}

// order does what people and programs ask for beside wishes, once for each id.
func (s *step) order() {
	if s.known() {
		return
	}
	switch s.in.Kind { //nolint:exhaustive // run leaves the orders to it
	case Cancel:
		s.cancel()
	case Accept:
		s.accept()
	case SetLock, Unlock:
		s.lock()
	case Relabel:
		s.relabel()
	case Remark:
		s.own()
		s.b.Comment = cut(s.in.Text)
		s.r.Store = true
	}
	if s.r.Store {
		s.remember()
	}
}

// locked refuses what a lock forbids. Automation is kept out of every lock.
func (s *step) locked() bool {
	who := s.in.By
	if s.in.Own {
		who = ""
	}
	if !s.b.Locked(who, s.in.Now) {
		return false
	}
	s.r.Verdict = LockedBy
	why := s.b.Lock.Why
	if why != "" {
		why = ": " + why
	}
	s.r.Refusal = Refusal{"locked by " + s.b.Lock.Who + why, "ask them, or unlock it"}
	return true
}

func (s *step) refuse(remedy, format string, a ...any) bool {
	s.r.Verdict = Refused
	s.r.Refusal = Refusal{fmt.Sprintf(format, a...), remedy}
	return false
}

func (s *step) mayBegin() bool {
	b, in := &s.b, s.in
	switch {
	case b.State == LockedOut:
		return s.refuse("set its state to troubleshooting first", "locked_out: nothing moves the board but a set-state")
	case !b.State.Rest():
		return s.refuse("wait for it to end, or cancel it first", "busy with attempt %d (%s), now %s", b.Attempt, b.Want, b.State)
	case in.Rules.Powerless != "":
		return s.refuse("correct its power in the inventory", "%s", in.Rules.Powerless)
	case in.Rules.Manual && (in.Want == WantPowerOn || in.Want == WantPowerOff):
		return s.refuse("switch it by hand; ask for a power-cycle to have it verified after that", "the board has no relay")
	case in.Rules.CyclesOnly && (in.Want == WantPowerOn || in.Want == WantPowerOff):
		return s.refuse("ask for a power-cycle", "the board's switch can only cycle")
	case in.Want == WantPowerOn && b.Power == PowerOn:
		return s.refuse("ask for a power-cycle", "the board has power already")
	case in.Own && !s.mayOwn():
		return s.refuse("ask for it yourself", "the server has begun %d attempts by itself within a day", ownStarts)
	}
	return true
}

// mayOwn draws on the budget of what the server starts by itself, which no rest refills.
func (s *step) mayOwn() bool {
	now := s.in.Now.Unix()
	s.own()
	s.b.Own = slices.DeleteFunc(s.b.Own, func(t int64) bool { return now-t >= 24*3600 })
	if len(s.b.Own) >= ownStarts {
		return false
	}
	s.b.Own = append(s.b.Own, now)
	return true
}

// begin opens an attempt: budgets are full again, for a wish is the only thing that fills them.
func (s *step) begin() {
	b, in := &s.b, s.in
	b.Attempt++
	b.Began = in.Now.UnixMilli()
	b.Want, b.By, b.Image, b.Rest = in.Want, cut(in.By), in.Image, b.State
	if in.Want == WantPowerOn && b.Power == PowerUnknown {
		b.Want = WantPowerCycle // only a cut tells for certain
	}
	b.Tries, b.Cycles = map[State]uint8{}, 0
	b.Written, b.Done, b.Blame, b.Auto = false, false, nil, in.Own
	s.remember()
	in.Want = b.Want
}

// cancel ends the wish without leaving the board half done: it boots from its card, as it was.
func (s *step) cancel() {
	if s.locked() {
		return
	}
	b := &s.b
	switch {
	case b.State.Rest():
		s.refuse("nothing is left to do", "the board rests in %s", b.State)
	case b.Want == WantCard:
		s.r.Verdict = Repeated
	case b.State == Waiting && b.Written:
		s.own()
		b.Blame = &Blame{PartServer, cut("cancelled by " + s.in.By + " with the image half written")}
		s.settle(FailedInstall)
	case b.State == Waiting && b.Cycles == 0 && (b.Rest != Off || b.Power != PowerOn):
		s.settle(b.Rest)
	case b.Written && b.State != Writing && !b.Done:
		s.refuse("let it end, or cancel with force: the card needs an image", "the card is half written")
		if s.in.Force {
			s.halfWritten()
		}
	case b.State == Writing && s.in.Force:
		s.halfWritten()
	case b.State == Writing:
		s.refuse("wait, or cancel with force and accept a card without a system", "the image is being written")
	case b.State == Restarting || b.State == Verifying || b.State == SelfTesting && b.Done:
		s.refuse("wait for it to end", "the card is written already, the board is %s", b.State)
	default:
		s.own()
		b.Want = WantCard
		if b.State == Waiting || b.State == Cutting {
			s.retire()
			s.r.Store, s.r.Verdict = true, Moved
			return
		}
		s.toward(Cutting)
	}
}

func (s *step) halfWritten() {
	s.own()
	s.b.Blame = &Blame{PartServer, cut("cancelled by " + s.in.By + " with the image half written")}
	s.r.Refusal = Refusal{}
	s.settle(FailedInstall)
}

// accept takes a person's word that the board is good as it stands.
func (s *step) accept() {
	if s.locked() {
		return
	}
	switch st := s.b.State; {
	case st == New || st == Off || st == Troubleshooting || st.Failed():
		s.settle(Ready)
	case st == Ready:
		s.r.Verdict = Repeated
	case st.Rest():
		s.refuse("set its state to ready, or ask for something else of it", "the board rests in %s, which cannot be accepted as it stands", st)
	default:
		s.refuse("wait for a rest, or cancel first", "the board is %s, which cannot be accepted as it stands", st)
	}
}

// Mendable are the parts of a board that people exchange or mend.
var Mendable = []Part{PartBoard, PartCard, PartRelay, PartWiring, PartNetwork}

// repaired begins anew: what is known of the part that was mended is forgotten, and the budgets that it used up are full.
func (s *step) repaired() {
	if s.locked() {
		return
	}
	if !s.b.State.Rest() {
		s.refuse("wait for a rest, or cancel first", "the board is %s", s.b.State)
		return
	}
	s.own()
	b := &s.b
	if s.in.Exchange != nil {
		b.Exchange = s.in.Exchange
	}
	b.Hour, b.Own, b.Evidence, b.Blame = nil, nil, Fact{}, nil
	switch s.in.Part {
	case PartCard:
		b.Card, b.Written, b.Done = "", false, false
	case PartBoard:
		b.Address = ""
	case PartRelay, PartWiring:
		b.Power = PowerUnknown
	default:
	}
	s.settle(New)
}

// settable are the rests that an operator may declare.
var settable = []State{New, Ready, Troubleshooting, LockedOut}

// setState is the operator's override: compare and set by the visit that they saw.
func (s *step) setState() {
	switch {
	case s.locked():
	case s.in.Visit != s.b.Visit:
		s.r.Verdict = Mismatch
		s.r.Refusal = Refusal{fmt.Sprintf("the board has moved on to %s (visit %d)", s.b.State, s.b.Visit), "look again, then repeat with the new visit"}
	case !slices.Contains(settable, s.in.To):
		s.refuse("set new, ready, troubleshooting or locked_out", "%q is not a state that people set", s.in.To)
	case s.b.State == Cutting || s.b.State == Powering:
		s.refuse("cancel it, or wait some seconds", "its relay is being switched (%s)", s.b.State)
	default:
		s.settle(s.in.To)
	}
}

func (s *step) lock() {
	if s.in.Kind == Unlock {
		if s.b.Lock == nil {
			s.r.Verdict = Repeated
			return
		}
		s.b.Lock = nil
		s.r.Store = true
		return
	}
	if s.locked() {
		return
	}
	l := &Lock{Who: cut(s.in.By), Why: cut(s.in.Text)}
	if !s.in.Until.IsZero() {
		l.Until = s.in.Until.UnixMilli()
	}
	s.b.Lock = l
	s.r.Store = true
}
