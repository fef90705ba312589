package board

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The search walks every board that Step can make of a new one, with tries clipped to 2 and few power cycles left, by
// every input: answers, silence, stale and doubled ones, restarts, people. What is walked is a board without what
// cannot change its way: numbers and times are made the same (canon), lists keep their length.

var (
	searchNow  = time.Unix(1e9, 0)
	aliveToken = Token{1}
	pastToken  = Token{2}
	pastTokens = []Token{pastToken}
	fullHour   = slices.Repeat([]int64{searchNow.Unix()}, cyclesHour)
)

// canon makes boards that behave alike equal.
func canon(b Board) Board {
	c := Board{State: b.State, Visit: 9, Attempt: 1, Boot: 1, Want: b.Want, Rest: b.Rest, WaitingFor: b.WaitingFor, Next: b.Next,
		Cycles: b.Cycles, Free: b.Free, Power: b.Power, Written: b.Written, Done: b.Done, Card: b.Card, StillUp: b.StillUp, Tries: b.Tries}
	if b.Want == WantNothing { // at rest: nothing of the attempt matters any more
		c.Rest, c.Tries, c.Cycles, c.Written, c.Done, c.Free = "", nil, 0, false, false, false
	}
	if c.Rest != "" && c.Rest != Off {
		c.Rest = Ready // where a cancelled pause returns to
	}
	if b.Deadline > 0 {
		c.Deadline = searchNow.UnixMilli()
	}
	if !b.Token.IsZero() {
		c.Token = aliveToken
	}
	c.Past = pastTokens
	if b.OffAt > 0 {
		c.OffAt = searchNow.Add(-time.Minute).UnixMilli()
	}
	if !b.Silent() && (b.State == Booting || b.State == Restarting) {
		c.Evidence.Kind = LineLogged
	}
	// The end of an hour's budget is what matters, and that of an attempt.
	c.Hour = fullHour[:min(max(len(b.Hour), cyclesHour-1), cyclesHour)]
	if c.Want != WantNothing {
		c.Cycles = max(c.Cycles, cyclesAttempt-1)
	}
	return c
}

// boardKey is what tells canonical boards apart.
type boardKey struct {
	state, next, rest                                 State
	waits                                             WaitingFor
	want                                              Want
	tries                                             [9]uint8
	cycles, hour                                      int
	power                                             Power
	free, written, done, card, up, off, token, silent bool
}

func keyOf(b *Board) boardKey {
	k := boardKey{state: b.State, next: b.Next, rest: b.Rest, waits: b.WaitingFor, want: b.Want, cycles: int(b.Cycles), hour: len(b.Hour),
		power: b.Power, free: b.Free, written: b.Written, done: b.Done, card: b.Card != "", up: b.StillUp, off: b.OffAt > 0,
		token: !b.Token.IsZero(), silent: b.Silent()}
	for i, s := range States()[:9] {
		k.tries[i] = b.Tries[s]
	}
	return k
}

// every is each input that can come to a board, with all that its kind reads.
func every(rules *Rules) []Input {
	var all []Input
	add := func(in Input) {
		in.Now, in.Rules, in.Fresh, in.Visit = searchNow, rules, Token{3}, 9
		if in.Kind.tokened() && in.Token.IsZero() && !in.Bare {
			in.Token = aliveToken
		}
		all = append(all, in)
	}
	for _, place := range []bool{true, false} {
		for _, k := range []Kind{Timeout, Stalled, LoaderAsked} {
			add(Input{Kind: k, Place: place})
			add(Input{Kind: k, Place: place, Crossed: "b2"})
			add(Input{Kind: k, Place: place, Crossed: "b2", Confirmed: true})
		}
		for _, k := range []Kind{Admitted, RelayUp, ScriptFailed, ImageCleared} {
			add(Input{Kind: k, Place: place})
		}
		add(Input{Kind: Rebooting, Place: place})
		add(Input{Kind: Cancel, Place: place})
		for _, w := range everyWant {
			add(Input{Kind: Wish, Want: w, Image: "v2", Place: place})
		}
	}
	for _, k := range []Kind{Resume, Unheard, PowerIsOff, PowerIsOn, PowerFailed, ProbeOK, RelayDown, StillUp, Miswired, FellThrough, KernelRead,
		StageRead, ArtifactRead, LineLogged, InitStarted, Downloads, Writes, ImageUp, MaintenanceUp, TestRunning, TestOK, Accept} {
		add(Input{Kind: k, Place: true})
	}
	for _, k := range []Kind{Writes, StageRead, Rebooting, ImageUp} { // of a boot that is over, and without a token
		add(Input{Kind: k, Token: pastToken, Good: true})
		add(Input{Kind: k, Bare: true, Image: "v2", Good: true})
	}
	add(Input{Kind: Rebooting, Good: true})
	for _, p := range Mendable {
		add(Input{Kind: Repaired, Part: p})
	}
	add(Input{Kind: RelayDown, Good: true})
	add(Input{Kind: Cancel, Force: true, Place: true})
	for _, s := range settable {
		add(Input{Kind: SetState, To: s})
	}
	for _, place := range []bool{true, false} { // when the power cycles of this hour are forgotten
		add(Input{Kind: Timeout, Place: place})
		all[len(all)-1].Now = searchNow.Add(2 * time.Hour)
	}
	return all
}

func byPerson(k Kind) bool {
	return slices.Contains([]Kind{Wish, Cancel, Accept, SetState, Repaired, ImageCleared}, k)
}

// rank is what every edge between working states lowers: tries and power cycles left, then whether the limit was begun
// anew, then states to go. A pause has the rank of what it leads to.
type rank [3]int

func rankOf(b *Board, rules *Rules) rank {
	state, left := b.State, cyclesAttempt-int(b.Cycles)
	if state == Waiting {
		state = b.Next
		if state == Cutting && !rules.Manual {
			left--
		}
	}
	for _, s := range States()[:9] {
		left += rules.TriesOf(s) - int(b.Tries[s])
	}
	free := 0
	if b.Free {
		free = 1
	}
	stages := []State{Verifying, Restarting, SelfTesting, Writing, Downloading, Live, Booting, Powering, Cutting}
	return rank{left, free, slices.Index(stages, state)}
}

// TestRanking: no board can go on for ever by itself. Each edge between working states lowers the rank; a pause keeps
// it at most, and ends only by an input from outside; only a restart, a time without commits and a person raise it.
func TestRanking(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]*Rules{
		"loader":   {Tries: 2},
		"callback": {Tries: 2, Verify: VerifyCallback, FailedOff: true},
		"none":     {Tries: 2, Verify: VerifyNone},
		"manual":   {Tries: 2, Manual: true},
		"suspect":  {Tries: 2, Suspect: true},
		"cycles":   {Tries: 2, CyclesOnly: true, FailedOff: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &walk{t: t, rules: rules, hours: name == "loader", seen: map[boardKey]bool{}, states: map[State]bool{}}
			w.all()
			t.Logf("%d boards, %d steps", len(w.seen), w.steps)
			for _, s := range States() {
				if !w.states[s] && (name == "loader" || name == "callback") {
					t.Errorf("no input ever leads to %s", s)
				}
			}
		})
	}
}

// walk is one search.
type walk struct {
	t      *testing.T
	rules  *Rules
	hours  bool // with the budget of an hour nearly used up
	seen   map[boardKey]bool
	states map[State]bool
	todo   []Board
	steps  int
	wrong  int
}

func (w *walk) all() {
	w.meet(NewBoard(searchNow))
	inputs := every(w.rules)
	for len(w.todo) > 0 {
		b := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		for i := range inputs {
			if b.State.Working() && inputs[i].Kind == Wish && inputs[i].Want != WantImage {
				continue // refused like the others
			}
			w.steps++
			r := Step(b, inputs[i])
			w.judge(&b, &inputs[i], &r)
			if w.wrong >= 5 {
				return
			}
			if r.Store || inputs[i].Kind == Resume || inputs[i].Kind == Unheard || inputs[i].Kind == PowerIsOff || r.Board.Silent() != b.Silent() {
				w.meet(r.Board)
			}
		}
	}
}

// meet puts a board down to be walked from, once.
func (w *walk) meet(b Board) {
	c := canon(b)
	if !w.hours {
		c.Hour = nil
	}
	k := keyOf(&c)
	if len(w.seen) > 200000 {
		w.t.Fatal("the search has no end")
	}
	if w.seen[k] {
		return
	}
	w.seen[k], w.states[c.State] = true, true
	w.todo = append(w.todo, c)
}

func (w *walk) judge(b *Board, in *Input, r *Result) {
	n := &r.Board
	if why := w.unsound(b, in, r); why != "" {
		w.wrong++
		w.t.Errorf("%s (place %v, good %v, crossed %q) in %s for %q, next %q, cycles %d, tries %v → %s, next %q, cycles %d, tries %v: %s",
			in.Kind, in.Place, in.Good, in.Crossed, b.State, b.Want, b.Next, b.Cycles, b.Tries, n.State, n.Next, n.Cycles, n.Tries, why)
	}
}

// unsound says what is wrong with a step, if anything is.
func (w *walk) unsound(b *Board, in *Input, r *Result) string {
	n := &r.Board
	switch {
	case !n.State.Valid():
		return "leads nowhere"
	case n.Cycles > cyclesAttempt:
		return "more power cycles than an attempt has"
	case len(n.Hour) > cyclesHour:
		return "more power cycles than an hour has"
	case n.State.Working() && (n.Deadline == 0 || n.Want == WantNothing):
		return "works without a limit or a wish"
	case n.State.Rest() && n.Want != WantNothing:
		return "rests with a wish open"
	case n.State == Waiting && !slices.Contains([]State{Cutting, Powering, Booting, Restarting}, n.Next):
		return "waits for what no pause leads to"
	case n.Visit == b.Visit:
		return w.stayed(b, in, r)
	case !r.Store:
		return "moves without being stored"
	case slices.Contains(visited, in.Kind) && !dropped(n, in):
		return "moves once more when its input is doubled"
	case n.State == Writing && b.State != Writing && (in.Kind != Writes || n.Want != WantImage || in.Token != b.Token && !in.Bare):
		return "writes without its boot's asking at the gate"
	case r.Boot && !n.State.HasEntry() && n.State != Cutting && n.State != Waiting:
		return "decides a boot and publishes none"
	}
	return w.ranked(b, in, n)
}

// visited are the kinds that answer one visit.
var visited = []Kind{Timeout, Stalled, PowerIsOff, PowerIsOn, PowerFailed, ProbeOK, Admitted, RelayDown, StillUp}

// dropped says whether an input that has moved the board to n does nothing when it comes again, late.
func dropped(n *Board, in *Input) bool {
	again := Step(*n, *in)
	return again.Verdict == Stale && !again.Store && len(again.Effects) == 0
}

func (w *walk) stayed(b *Board, in *Input, r *Result) string {
	was, is := rankOf(b, w.rules), rankOf(&r.Board, w.rules)
	if in.Kind == Resume || in.Kind == Unheard {
		was[1] = is[1] // the one free limit, and nothing else
	}
	switch {
	case r.Board.State != b.State:
		return "moves without a visit"
	case is != was && b.Want != WantNothing:
		return "spends or gains without a visit"
	}
	return ""
}

func (w *walk) ranked(b *Board, in *Input, n *Board) string {
	if byPerson(in.Kind) || n.State.Rest() || b.State.Rest() {
		if b.State.Rest() && !n.State.Rest() && in.Kind != Wish {
			return "leaves a rest without a wish"
		}
		return ""
	}
	was, is := rankOf(b, w.rules), rankOf(n, w.rules)
	order := slices.Compare(is[:], was[:])
	switch {
	case b.State.Working() && n.State.Working() && order >= 0:
		return fmt.Sprintf("its rank does not fall: %v, then %v", was, is)
	case order > 0:
		return fmt.Sprintf("a pause raises its rank: %v, then %v", was, is)
	case b.State == Waiting && !outside(b, in):
		return "a pause ends without an input from outside"
	}
	return ""
}

// outside says whether in comes from what the board waits for.
func outside(b *Board, in *Input) bool {
	switch b.WaitingFor {
	case ForPowerBudget:
		return in.Place && (in.Kind == Admitted || in.Kind == Timeout)
	case ForRelay:
		return in.Kind == RelayUp || in.Kind == Miswired
	case ForImage:
		return in.Kind == ImageCleared
	case ForPerson:
		return in.Kind == Timeout || in.Kind.rank() > 0 || in.Kind == LoaderAsked || in.Kind == FellThrough
	default:
		return false
	}
}
