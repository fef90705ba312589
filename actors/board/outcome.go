package board

// Do names an effect.
type Do string

// Effects. All are absolute, so repeating one is harmless: "make on" never cuts.
const (
	MakeOff    Do = "make_off"    // drive the relay so that the board has no power, read it back
	MakeOn     Do = "make_on"     // drive the relay so that the board has power, read it back
	CheckPower Do = "check_power" // read the relay; only where it reads off, make it on
	// Cycle has a switch that can do nothing else take the power and give it back. It is the one effect that is not
	// absolute: it leaves once, when the record says already that the board boots.
	Cycle Do = "cycle"
	Probe Do = "probe" // look for the image as its verify asks, until the visit is over
)

// Effect is something to do once the Board that it came with is stored. Its answer carries Visit.
type Effect struct {
	Do    Do
	Visit uint64
}

// Verdict says what became of an input.
type Verdict string

// Verdicts. The board endpoints answer Moved, Noted and Repeated with 200, NotNow with 409, Over with 410.
const (
	Moved    Verdict = "moved"    // the board entered a state (perhaps the same again)
	Noted    Verdict = "noted"    // taken in; no state was entered
	Repeated Verdict = "repeated" // known already
	NotNow   Verdict = "not_now"  // the boot is alive, but this is not expected now; moves nothing
	Over     Verdict = "over"     // of a boot that is over
	Stale    Verdict = "stale"    // an answer to an earlier visit; dropped
	Refused  Verdict = "refused"  // a wish that cannot be carried out now
	LockedBy Verdict = "locked"   // a wish against a lock
	Mismatch Verdict = "mismatch" // compare-and-set: the board has moved on
)

// Refusal says why a wish was refused and what to do instead.
type Refusal struct{ Why, Remedy string }

// Result is what Step found.
type Result struct {
	Board   Board
	Effects []Effect
	Verdict Verdict
	Refusal Refusal
	// Store says that Board must be durable before the effects start and before anybody hears of it. Otherwise
	// Board differs, if at all, in what may be lost with the process (evidence, the deadline of a resume).
	Store bool
	// Failed is set where a visit failed: the row and what it is put down to.
	Failed *FailedVisit
	// Ended says that an attempt came to rest with this step.
	Ended bool
	// Boot says that a network boot was decided with this step.
	Boot bool
}

// FailedVisit is one visit that did not do its work.
type FailedVisit struct {
	State State
	Blame Blame
	Free  bool // it cost no try
}
