package board

import "time"

// What a relay does to boards, and what it should do. A relay that was read back off says that its coil is driven; only
// the board's silence says that this board hangs on it.

// darkAfter is how long after the power was read back off a board is certain to be dark: what it sent before has
// arrived by then. It is not divided by a simulation's speed below darkAtLeast, since networks are not.
const (
	darkAfter   = 5 * time.Second
	darkAtLeast = 2 * time.Second
)

// notCut is what a board is put down to that lives although its relay cuts it.
var notCut = Blame{PartWiring, "it was up while its relay was off: this relay does not cut this board"}

// relayDown pauses the attempt until the relay board is well again. A power cycle of which nothing was sent is none.
func (s *step) relayDown() {
	s.own()
	state := s.b.State
	if s.in.Good && s.b.Tries[state] == 0 {
		s.uncut(state)
	}
	s.wait(ForRelay, state)
}

func (s *step) uncut(state State) {
	b := &s.b
	if state == Powering {
		b.Power = PowerOff
		return
	}
	b.Power = PowerUnknown
	if b.Cycles > 0 {
		b.Cycles--
	}
	if n := len(b.Hour); n > 0 {
		b.Hour = b.Hour[:n-1]
	}
}

// relay ends a pause for the relay: it is well, or its wiring is wrong and cutting would hit another board.
func (s *step) relay() {
	if !s.b.WaitsFor(ForRelay) {
		return
	}
	if s.in.Kind == RelayUp {
		s.toward(s.b.Next)
		return
	}
	s.miswired(Blame{PartWiring, s.in.Text})
}

// miswired ends the attempt: whatever switches this relay, or waits for this board, would do harm.
func (s *step) miswired(why Blame) {
	s.own()
	why.Text = cut(why.Text)
	s.r.Failed = &FailedVisit{State: s.b.State, Blame: why, Free: true}
	s.b.Blame = &why
	s.settle(FailedPower)
}

// crossed says whether a limit ran out on a board of which nothing at all was heard, while another seems to hang on
// its relay.
func (s *step) crossed() bool {
	if s.in.Crossed == "" || s.b.State != Booting && s.b.State != Restarting {
		return false
	}
	return s.b.Silent()
}

// Silent says whether nothing was heard of the board itself since its power was switched on.
func (b *Board) Silent() bool {
	k := b.Evidence.Kind
	return k == "" || k == PowerIsOn || k == PowerIsOff || k == PowerFailed
}

// stillUp takes a sign of life of a board whose relay is off. In the middle of a power cycle it only explains what
// fails later. A board that was switched off on request is cut once more, for a relay board that lost its own power
// lets its boards go on; after that, its relay is the wrong one.
func (s *step) stillUp() {
	switch {
	case s.b.State != Off:
		s.b.StillUp = true
		s.r.Store = s.b.State.Working()
	case !s.dark():
		s.note()
	case s.b.StillUp:
		s.miswired(notCut)
	default:
		s.note()
		s.b.StillUp, s.b.OffAt = true, s.in.Now.UnixMilli()
		s.r.Store = true
		s.effect(MakeOff)
	}
}

// dark says whether nothing that the board sent before its power was cut can arrive any more.
func (s *step) dark() bool {
	since := s.in.Now.Sub(time.UnixMilli(s.b.OffAt))
	return s.b.OffAt > 0 && since > max(s.in.Rules.scale(darkAfter), darkAtLeast)
}

// pastBoot hears a boot that was over before the power was cut: the board was not. A single one may have been under way
// for long; a script waits for its answer before it speaks again.
func (s *step) pastBoot() {
	if !s.b.State.Working() || s.b.State == Cutting || !s.b.IsPast(s.in.Token) || !s.dark() {
		return
	}
	if s.b.StillUp {
		s.miswired(notCut)
		return
	}
	s.b.StillUp = true
	s.r.Store = true
}

// waitForPerson arms the boot of a board that has no relay, until somebody switches it.
func (s *step) waitForPerson() {
	next := Restarting
	if s.b.liveNext() {
		next = Booting
	}
	s.wait(ForPerson, next)
	s.b.Deadline = s.in.Now.Add(s.in.Rules.scale(personPatience)).UnixMilli()
}
