package board

import "time"

// row is one state. Read it as: on entering the state do enter; after a restart of the server do resume instead; the
// first event in on moves the board; if none comes within the limit, or nothing at all moves for stall, the visit has
// failed: it costs a try, and the board goes to els (through Waiting where the power budget has no place) or, after
// tries failed visits in one attempt, to the rest fail.
type row struct {
	rest   bool
	enter  Do
	resume Do
	within time.Duration
	stall  time.Duration
	els    State
	tries  uint8
	fail   State
	on     map[Kind]move
	why    string // the reason for the numbers; stands in the drawing
}

// move is where an event leads.
type move struct {
	to    []State                      // every state it can lead to
	pick  func(*Board, *Input) State   // which of them; nil: the only one
	guard func(*Board, *Input) Verdict // Moved: it counts; anything else: it does not, and this is the verdict
	fails bool                         // it is a failure of the visit: try, then els or fail; to says where else
}

const (
	defaultTries   = 6
	cyclesAttempt  = 16 // power cycles an attempt; the 17th ends it
	cyclesHour     = 20 // power cycles a board an hour; the 21st waits
	ownStarts      = 2  // attempts a day that the server may begin by itself
	personPatience = 24 * time.Hour
	searchTime     = 60 * time.Second // a script that lost its server has asked all others by then: 50 s at most
)

// table is the whole life of a board.
var table = map[State]row{
	Cutting: {enter: MakeOff, resume: MakeOff, within: time.Minute, els: Cutting, tries: defaultTries, fail: FailedPower,
		on:  map[Kind]move{PowerIsOff: choose(afterOff, Off, Powering), RelayDown: to(Waiting)},
		why: "a full chassis takes 5 s, a relay board that lost its plug needs longer"},
	Powering: {enter: MakeOn, resume: MakeOn, within: time.Minute, els: Cutting, tries: defaultTries, fail: FailedPower,
		on:  forwards(move{}, map[Kind]move{PowerIsOn: choose(afterOn, Booting, Restarting, Ready), RelayDown: to(Waiting)}),
		why: "as cutting; a board may boot before the relay's answer is in"},
	Booting: {resume: CheckPower, within: 3 * time.Minute, els: Cutting, tries: defaultTries, fail: FailedBoot,
		on:  forwards(failure, nil),
		why: "90 s on a good day; a loader asks more than once"},
	Live: {resume: CheckPower, within: time.Minute, els: Cutting, tries: defaultTries, fail: FailedLive,
		on: map[Kind]move{
			Downloads: only(WantImage, Downloading), ArtifactRead: only(WantImage, Downloading), Writes: gate(Writing),
			MaintenanceUp: only(WantMaintenance, Maintenance), TestRunning: only(WantSelfTest, SelfTesting),
			TestOK: only(WantSelfTest, Restarting, Ready), LoaderAsked: failure, ScriptFailed: failure},
		why: "the second stage starts at once; a loader that asks again has reset"},
	Downloading: {resume: CheckPower, within: 10 * time.Minute, stall: time.Minute, els: Cutting, tries: defaultTries, fail: FailedInstall,
		on:  map[Kind]move{Writes: gate(Writing), LoaderAsked: failure, ScriptFailed: failure},
		why: "30 s on a good day; bytes renew the stall limit"},
	Writing: {resume: CheckPower, within: 20 * time.Minute, stall: 2 * time.Minute, els: Cutting, tries: defaultTries, fail: FailedInstall,
		on: map[Kind]move{
			Rebooting: choose(afterLive, Restarting, Ready), readBackBad: failure, LoaderAsked: failure, ScriptFailed: failure},
		why: "2 min on a good card; only a good read-back ends it, a reset never does"},
	SelfTesting: {resume: CheckPower, within: time.Hour, stall: 5 * time.Minute, els: Cutting, tries: 2, fail: FailedSelfTest,
		on:  map[Kind]move{TestOK: choose(afterLive, Restarting, Ready), LoaderAsked: failure, ScriptFailed: failure},
		why: "reads a whole card at worst; a test that failed twice is an answer"},
	Restarting: {resume: CheckPower, within: 2 * time.Minute, els: Cutting, tries: defaultTries, fail: FailedVerify,
		on: map[Kind]move{
			LoaderAsked: to(Verifying), FellThrough: to(Verifying), ImageUp: {to: []State{Ready}, guard: imageSpeaks}},
		why: "a loader asks within seconds of a reset; the reset may take a minute"},
	Verifying: {enter: Probe, resume: Probe, within: 5 * time.Minute, els: Cutting, tries: defaultTries, fail: FailedVerify,
		on: map[Kind]move{
			ProbeOK: to(Ready), ImageUp: {to: []State{Ready}, guard: imageSpeaks},
			LoaderAsked: {fails: true, to: []State{Verifying}}},
		why: "a first boot of an image may take minutes; a loader that asks again means the image reset"},

	Waiting: {on: map[Kind]move{Admitted: choose(nextOf, Cutting, Powering), RelayUp: choose(nextOf, Cutting, Powering),
		LoaderAsked: choose(byHand, Booting, Verifying, Ready), Miswired: to(FailedPower)},
		why: "a pause, no limit of its own but a person's 24 h: keeps the wish, spends no tries"},

	New:             {rest: true, why: "nobody has asked anything yet"},
	Ready:           {rest: true, why: "the image came up, or a person said so"},
	Off:             {rest: true, on: map[Kind]move{StillUp: to(FailedPower), LoaderAsked: to(FailedPower)}, why: "has no power, on request; if it lives, its relay does not cut it"},
	Maintenance:     {rest: true, why: "every boot gets the live environment until a wish ends it"},
	Troubleshooting: {rest: true, why: "a person works on it; takes every wish"},
	LockedOut:       {rest: true, why: "nothing moves it but an operator's set-state"},
	FailedPower:     {rest: true, why: "the relay could not be driven"},
	FailedBoot:      {rest: true, why: "no live environment came up"},
	FailedLive:      {rest: true, why: "the live environment died before it began"},
	FailedInstall:   {rest: true, why: "the image could not be put on the card"},
	FailedVerify:    {rest: true, why: "the image on the card does not come up"},
	FailedSelfTest:  {rest: true, why: "the self-test found something, or did not end"},
}

// readBackBad is what Step makes of a Rebooting whose hash is not the image's.
const readBackBad Kind = "read_back_bad"

// failure is an event that fails the visit.
var failure = move{fails: true}

func to(s State) move { return move{to: []State{s}} }

func choose(pick func(*Board, *Input) State, to ...State) move { return move{to: to, pick: pick} }

// only lets an event count in attempts that want w.
func only(w Want, to ...State) move {
	m := move{to: to, guard: func(b *Board, _ *Input) Verdict { return when(b.Want == w, NotNow) }}
	if len(to) > 1 {
		m.pick = afterLive
	}
	return m
}

// gate is the write gate: only an attempt that wants an image gets through, all others are told that it is over, for
// the gate knows no "not now".
func gate(s State) move {
	return move{to: []State{s}, guard: func(b *Board, _ *Input) Verdict { return when(b.Want == WantImage, Over) }}
}

// forwards is what the live environment's evidence does in the states before Live: it proves their work and its own.
// ask is what the loader's asking means there (nothing, in both).
func forwards(failed move, more map[Kind]move) map[Kind]move {
	on := map[Kind]move{
		StageRead: to(Live), InitStarted: to(Live),
		Downloads: only(WantImage, Downloading), ArtifactRead: only(WantImage, Downloading), Writes: gate(Writing),
		MaintenanceUp: only(WantMaintenance, Maintenance), TestRunning: only(WantSelfTest, SelfTesting),
	}
	if failed.fails {
		on[ScriptFailed] = failed
	}
	for k, m := range more {
		on[k] = m
	}
	return on
}

func when(ok bool, otherwise Verdict) Verdict {
	if ok {
		return Moved
	}
	return otherwise
}

// afterOff: the power is off, read back.
func afterOff(b *Board, _ *Input) State {
	if b.Want == WantPowerOff {
		return Off
	}
	return Powering
}

// afterOn: the power is on, read back.
func afterOn(b *Board, in *Input) State {
	if b.liveNext() {
		return Booting
	}
	return fromCard(in)
}

// afterLive: the live environment has done its work and reboots.
func afterLive(_ *Board, in *Input) State { return fromCard(in) }

// fromCard is where a boot from the card begins: an image that proves nothing is ready at once.
func fromCard(in *Input) State {
	if in.Rules.Verify == VerifyNone {
		return Ready
	}
	return Restarting
}

func nextOf(b *Board, _ *Input) State { return b.Next }

// byHand: a person has switched the board that waited for it.
func byHand(b *Board, in *Input) State {
	switch {
	case b.Next == Booting:
		return Booting
	case in.Rules.Verify == VerifyNone:
		return Ready
	}
	return Verifying
}

// imageSpeaks: an image whose verify is a callback says that it is up. Without a token it is believed in Verifying
// only, where the loader's fall-through has shown that the board runs from its card.
func imageSpeaks(b *Board, in *Input) Verdict {
	switch {
	case in.Rules.Verify != VerifyCallback:
		return Noted
	case in.Bare && b.State != Verifying, in.Image != "" && in.Image != b.Card, in.Image == "" && in.Bare:
		return NotNow
	}
	return Moved
}

// liveNext says whether the board's next boot is to be the live environment.
func (b *Board) liveNext() bool { return b.Want.Live() && !b.Done }
