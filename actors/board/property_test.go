package board

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var everyKind = append([]Kind{Resume, Unheard, Timeout, Stalled, PowerIsOff, PowerIsOn, PowerFailed, ProbeOK, Admitted, RelayDown, StillUp, RelayUp, Miswired, ImageCleared, Wish, Cancel, Accept, SetState, Repaired,
	SetLock, Unlock, Remark, Relabel, LoaderAsked, FellThrough, KernelRead, InitrdRead, SquashfsRead, StageRead, ArtifactRead, LineLogged},
	BoardEvents()...)

var everyWant = []Want{WantImage, WantPowerOn, WantPowerOff, WantPowerCycle, WantSelfTest, WantMaintenance}

// anyInput draws an input: mostly of the board as it is, sometimes late, of an old boot, or nonsense.
func anyInput(t *rapid.T, b Board, now time.Time) Input {
	in := Input{
		Kind: rapid.SampledFrom(everyKind).Draw(t, "kind"), Now: now, Place: rapid.Bool().Draw(t, "place"),
		Visit: b.Visit, Token: b.Token, Good: rapid.Bool().Draw(t, "good"), Bare: rapid.IntRange(0, 9).Draw(t, "bare") == 0,
		Want: rapid.SampledFrom(everyWant).Draw(t, "want"), Image: "v2", By: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "by"),
		Own: rapid.Bool().Draw(t, "own"), Force: rapid.Bool().Draw(t, "force"), To: rapid.SampledFrom(States()).Draw(t, "to"),
		Fresh: Token{byte(b.Boot), byte(b.Boot >> 8), 1},
		Rules: &Rules{Verify: rapid.SampledFrom([]VerifyKind{VerifyLoader, VerifyPing, VerifyCallback, VerifyNone}).Draw(t, "verify"),
			FailedOff: rapid.Bool().Draw(t, "failed off"), Manual: rapid.IntRange(0, 4).Draw(t, "manual") == 0},
	}
	switch rapid.IntRange(0, 9).Draw(t, "age") {
	case 0:
		in.Visit--
	case 1:
		if len(b.Past) > 0 {
			in.Token = rapid.SampledFrom(b.Past).Draw(t, "past")
		}
	}
	return in
}

// TestWhateverHappens: after any inputs the record is sound, budgets hold, and nothing late or past moves the board.
func TestWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		b := NewBoard(now)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "passes")) * time.Second)
			in := anyInput(t, b, now)
			r := Step(b, in)
			check(t, b, in, r)
			b = r.Board
		}
		silence(t, b, now)
	})
}

func check(t *rapid.T, b Board, in Input, r Result) {
	n := r.Board
	switch {
	case !n.State.Valid():
		t.Fatalf("%s in %s leads to %q", in.Kind, b.State, n.State)
	case n.Visit != b.Visit && !r.Store, n.State != b.State && n.Visit == b.Visit:
		t.Fatalf("%s: %s visit %d → %s visit %d, stored %v", in.Kind, b.State, b.Visit, n.State, n.Visit, r.Store)
	case n.State.Working() && (n.Deadline == 0 || n.Want == WantNothing):
		t.Fatalf("%s works without a limit or a wish", n.State)
	case n.State == Waiting && n.WaitingFor == "":
		t.Fatal("waits for nothing")
	case n.Cycles > cyclesAttempt, len(n.Hour) > cyclesHour, len(n.Own) > ownStarts, len(n.Past) > maxPast, len(n.Wishes) > maxWishes:
		t.Fatalf("over a budget: cycles %d, hour %d, own %d", n.Cycles, len(n.Hour), len(n.Own))
	case n.WaitsFor(ForPerson) && n.Deadline == 0:
		t.Fatal("waits for a person for ever")
	case n.HasEntry() && !n.Want.Live() && n.State != Maintenance:
		t.Fatalf("an entry in %s for %q", n.State, n.Want)
	case n.Card == "v2" && n.Written && !n.Done:
		t.Fatal("the card is said to be good between write gate and read-back")
	}
	if again := in.Kind == Resume || in.Kind == Unheard; again && n.State.Working() && time.UnixMilli(n.Deadline).Before(in.Now.Add(in.Rules.Limit(n.State))) {
		t.Fatalf("%s in %s at %v: what is stored by another clock, %v, shortens its limit", in.Kind, b.State, in.Now, b.Deadline)
	}
	late := in.Visit != b.Visit && slices.Contains([]Kind{Timeout, Stalled, PowerIsOff, PowerIsOn, PowerFailed, ProbeOK, Admitted, RelayDown, StillUp}, in.Kind)
	past := in.Kind.tokened() && in.Token != b.Token && !in.Bare && slices.Contains(BoardEvents(), in.Kind)
	if past && n.State == FailedPower && n.Blame.Part == PartWiring && b.StillUp {
		return // it lives although its power was cut: that is what the past tells
	}
	if (late || past) && (n.Visit != b.Visit || len(r.Effects) > 0 || r.Store && n.StillUp == b.StillUp) {
		t.Fatalf("%s, late %v, past %v, moved %s to %s", in.Kind, late, past, b.State, n.State)
	}
	if in.Kind == Resume && b.State != Cutting && slices.ContainsFunc(r.Effects, func(e Effect) bool { return e.Do == MakeOff }) {
		t.Fatalf("a resume in %s cuts the board", b.State)
	}
}

// silence: a board that says nothing any more comes to rest, whatever its relay does, within the budgets of one
// attempt; nobody asks anything, and places are free.
func silence(t *rapid.T, b Board, now time.Time) {
	for range 200 {
		if b.State.Rest() {
			return
		}
		now = now.Add(time.Hour)
		in := Input{Kind: Timeout, Now: now, Visit: b.Visit, Place: true, Fresh: Token{9}}
		switch {
		case b.WaitsFor(ForPowerBudget):
			in.Kind = Admitted
		case b.WaitsFor(ForRelay):
			in.Kind = RelayUp
		case b.State == Cutting && rapid.Bool().Draw(t, "cuts"):
			in.Kind = PowerIsOff
		case b.State == Powering && rapid.Bool().Draw(t, "powers"):
			in.Kind = PowerIsOn
		}
		b = Step(b, in).Board
	}
	t.Fatalf("never comes to rest: %s, tries %v, cycles %d", b.State, b.Tries, b.Cycles)
}

// TestStepLeavesItsArgumentAlone: the caller's board is still the stored one while a change is in flight.
func TestStepLeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	b := NewBoard(now)
	b.Tries = map[State]uint8{}
	for _, in := range []Input{{Kind: Wish, Want: WantImage, Image: "v2", Place: true, Fresh: Token{1}}, {Kind: Timeout}, {Kind: PowerIsOff}, {Kind: PowerIsOn}, {Kind: Timeout, Place: true}} {
		in.Now, in.Visit = now, b.Visit
		before := b.clone()
		r := Step(b, in)
		if len(b.Tries) != len(before.Tries) || len(b.Past) != len(before.Past) || len(b.Hour) != len(before.Hour) {
			t.Fatalf("%s changed the caller's board", in.Kind)
		}
		for k, v := range before.Tries {
			if b.Tries[k] != v {
				t.Fatalf("%s changed the caller's tries of %s", in.Kind, k)
			}
		}
		b = r.Board
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("abcdefghijklmnopqrstuvwx22")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		tok, err := ParseToken(s)
		if err == nil && len(s) != 26 {
			t.Errorf("%q is no token, but read as %s", s, tok)
		}
	})
}

func BenchmarkStep(b *testing.B) {
	brd, now := NewBoard(time.Unix(1e9, 0)), time.Unix(1e9, 0)
	brd = Step(brd, Input{Kind: Wish, Want: WantImage, Image: "v2", Now: now, Place: true, Fresh: Token{1}}).Board
	rules := &Rules{}
	b.ReportAllocs()
	for b.Loop() {
		Step(brd, Input{Kind: PowerIsOff, Now: now, Visit: brd.Visit, Rules: rules})
	}
}
