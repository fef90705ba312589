package board

import "fmt"

// evidence takes what a board did. It is judged by its boot, in whatever state the board is by now: evidence of an
// earlier boot moves nothing. It ends a state only forwards, and only if it proves that state's work.
func (s *step) evidence() {
	if s.in.Kind.tokened() && !s.in.Bare && s.in.Token != s.b.Token || s.in.Bare && s.in.Kind != ImageUp && s.b.Token.IsZero() {
		s.pastBoot()
		s.r.Verdict = Over
		return
	}
	m, ok := s.move()
	if !ok {
		s.r.Verdict = s.unexpected()
		if s.r.Verdict == Noted || s.r.Verdict == Repeated {
			s.note()
		}
		return
	}
	if s.b.State == Off {
		s.stillUp()
		return
	}
	if m.fails {
		s.fire(m) // judged by the evidence before it
		s.note()
		return
	}
	s.note()
	s.fire(m)
}

// move finds what the board's row makes of the evidence. A board that a person was to switch has been switched, and
// speaks for the state that this leads to.
func (s *step) move() (move, bool) {
	switch {
	case s.b.WaitsFor(ForPerson) && s.in.Kind != LoaderAsked:
		m, ok := table[s.b.Next].on[s.in.Kind]
		return m, ok && !m.fails
	case s.b.State == Waiting && !s.b.WaitsFor(ForPerson):
		return move{}, false
	}
	m, ok := table[s.b.State].on[s.in.Kind]
	return m, ok
}

// note keeps the fact as the last evidence.
func (s *step) note() {
	if s.in.From != "" {
		s.b.Address = s.in.From
	}
	s.b.Evidence = Fact{Kind: s.in.Kind, At: s.in.Now.UnixMilli(), Text: cut(s.in.Text), Boot: s.b.Boot}
}

// tokened says whether a board says k with the token of its boot.
func (k Kind) tokened() bool { return k != LoaderAsked && k != FellThrough && k != LineLogged }

// callback says whether k is a report of a board's script, which is told what became of it.
func (k Kind) callback() bool {
	return k == readBackBad || k.rank() > 0 && k != StageRead && k != ArtifactRead
}

// rank orders what a boot does, so that a report which came before is known as a repeat.
func (k Kind) rank() int {
	switch k {
	case StageRead, InitStarted:
		return 1
	case Downloads, ArtifactRead, MaintenanceUp, TestRunning:
		return 2
	case Writes:
		return 3
	case Rebooting, TestOK:
		return 4
	case ImageUp, ScriptFailed:
		return 5
	default:
		return 0
	}
}

func (s State) rank() int {
	switch s {
	case Live:
		return 1
	case Downloading, Maintenance, SelfTesting:
		return 2
	case Writing:
		return 3
	case Restarting, Verifying:
		return 4
	case Ready:
		return 5
	default:
		return 0
	}
}

// unexpected judges evidence of the living boot that the state's row does not name.
func (s *step) unexpected() Verdict {
	k := s.in.Kind
	switch {
	case !k.callback():
		return Noted
	case k == Writes && s.b.State == Writing:
		return Repeated // the gate answers the same boot again
	case k == Writes:
		return Over
	case k == ScriptFailed || k == readBackBad, k == ImageUp && s.in.Bare && s.b.State != Ready:
		return NotNow
	case k.rank() <= s.b.State.rank():
		return Repeated
	}
	return NotNow
}

// suspect puts a failed visit down to a part, from the last evidence of the boot and from what failed it.
func suspect(b *Board, in *Input) Blame {
	switch in.Kind {
	case ScriptFailed:
		part := in.Part
		if part == "" {
			part = PartBoard
		}
		return Blame{part, "the script gave up: " + in.Text}
	case readBackBad:
		return Blame{PartCard, "read back other bytes than were written: " + in.Text}
	case LoaderAsked:
		if in.Crossed != "" {
			return Blame{PartWiring, "reset when the relay of " + in.Crossed + " was switched"}
		}
		if b.State == Verifying {
			return Blame{PartImage, "the image reset: the loader asked again while it was being verified"}
		}
		return Blame{PartBoard, fmt.Sprintf("reset in %s: the loader asked again", b.State)}
	default:
		return silent(b, in)
	}
}

// silent explains a limit that ran out, by the last thing that was heard.
func silent(b *Board, in *Input) Blame {
	last := b.Evidence.Kind
	switch b.State {
	case Cutting, Powering:
		if last == PowerFailed {
			return Blame{PartRelay, b.Evidence.Text}
		}
		return Blame{PartRelay, "the relay board gave no answer"}
	case Booting:
		return silentBoot(last, b.StillUp)
	case Live:
		return Blame{PartBoard, "the second stage was fetched, then nothing: it died, or the live environment did"}
	case Downloading:
		return Blame{PartNetwork, stalledAt("download", in)}
	case Writing:
		return Blame{PartCard, stalledAt("write", in)}
	case SelfTesting:
		return Blame{PartBoard, stalledAt("self-test", in)}
	case Restarting:
		if b.StillUp {
			return notCut
		}
		return Blame{PartBoard, "did not restart: the loader never asked after the reboot"}
	case Verifying:
		text := "the image did not come up"
		if in.Text != "" {
			text += ": " + in.Text
		}
		return Blame{PartImage, text}
	default:
		return Blame{PartBoard, "silent"}
	}
}

// mute is what is said of a board of which nothing at all was heard. The loader is on the card, so it may be that too.
var mute = Blame{PartBoard, "silent after power-on: the loader never asked"}

// Mute says whether nothing at all was heard of the board.
func (b Blame) Mute() bool { return b == mute }

func silentBoot(last Kind, stillUp bool) Blame {
	switch last {
	case LoaderAsked:
		return Blame{PartNetwork, "the loader took its boot entry, but read no kernel"}
	case LineLogged:
		return Blame{PartNetwork, "the live environment runs and logs, but never fetched its second stage"}
	case InitrdRead, KernelRead, SquashfsRead:
		return Blame{PartBoard, "the kernel was loaded, but the live environment stayed silent"}
	case FellThrough:
		return Blame{PartNetwork, "the loader went on to its default entry in spite of its own"}
	default:
		if stillUp {
			return notCut
		}
		return mute
	}
}

func stalledAt(what string, in *Input) string {
	how := " took too long"
	if in.Kind == Stalled {
		how = " stalled"
	}
	if in.Text == "" {
		return what + how
	}
	return what + how + " at " + in.Text
}
