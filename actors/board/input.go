package board

import "time"

// Kind says what an input is. The same words stand in evidence, events and logs.
type Kind string

// Inputs from the server itself. Those marked (visit) carry the visit that started them; an older one is dropped.
const (
	Resume       Kind = "resume"        // the server came back, or took the board over
	Unheard      Kind = "unheard"       // a limit ran out, or ran, while nothing could be stored or the server itself stood still
	Timeout      Kind = "timeout"       // (visit) the state's limit ran out
	Stalled      Kind = "stalled"       // (visit) nothing moved for the state's stall limit
	PowerIsOff   Kind = "power_is_off"  // (visit) the relay was driven and read back: the board has no power
	PowerIsOn    Kind = "power_is_on"   // (visit) the board has power
	PowerFailed  Kind = "power_failed"  // (visit) the relay could not be driven or read; Text says why
	ProbeOK      Kind = "probe_ok"      // (visit) the image answered as its verify asks
	Admitted     Kind = "admitted"      // (visit) a place of the power budget is free for the board
	RelayDown    Kind = "relay_down"    // (visit) the relay board has an open incident; Good: nothing of this visit was sent to it
	StillUp      Kind = "still_up"      // (visit) the board answered although its relay cuts it
	RelayUp      Kind = "relay_up"      // the relay board's incident is over, or what looked like crossed wiring was none
	ImageCleared Kind = "image_cleared" // a person has ended the suspicion against the image that the board waits for
	Miswired     Kind = "miswired"      // the board waits for its relay, and its wiring was found to be wrong; Text says how
)

// What people and programs ask. All may be refused.
const (
	Wish     Kind = "wish"
	Cancel   Kind = "cancel"
	Accept   Kind = "accept"
	SetState Kind = "set_state"
	SetLock  Kind = "lock"
	Unlock   Kind = "unlock"
	Remark   Kind = "comment"
	Repaired Kind = "repaired" // Part was exchanged or mended
	Relabel  Kind = "label"
)

// What a board does, seen by the servers that it talks to. LoaderAsked and FellThrough come by MAC or address; all
// others carry the token of their boot.
const (
	LoaderAsked   Kind = "loader_asked"  // the loader asked for its own boot entry
	FellThrough   Kind = "fell_through"  // the loader read pxelinux.cfg/default
	KernelRead    Kind = "kernel_read"   // kernel read to its end
	InitrdRead    Kind = "initrd_read"   // initrd read to its end
	SquashfsRead  Kind = "squashfs_read" // squashfs asked for
	StageRead     Kind = "stage_read"    // second stage fetched
	ArtifactRead  Kind = "artifact_read" // an artifact is being fetched
	LineLogged    Kind = "line_logged"   // a syslog line came
	InitStarted   Kind = "mobile_init_started"
	Downloads     Kind = "downloading"
	Writes        Kind = "writing"
	Rebooting     Kind = "rebooting"
	ImageUp       Kind = "image_up"
	MaintenanceUp Kind = "maintenance_up"
	TestRunning   Kind = "self_test_running"
	TestOK        Kind = "self_test_ok"
	ScriptFailed  Kind = "failed"
)

// BoardEvents are the events that a board's script may report, by their name in the URL.
func BoardEvents() []Kind {
	return []Kind{InitStarted, Downloads, Writes, Rebooting, ImageUp, MaintenanceUp, TestRunning, TestOK, ScriptFailed}
}

// VerifyKind is how an image proves that it came up.
type VerifyKind string

// The kinds of proof. VerifyLoader, the default: the loader fell through to the card and then stayed quiet.
const (
	VerifyLoader   VerifyKind = "loader"
	VerifyPing     VerifyKind = "ping"
	VerifyTCP      VerifyKind = "tcp"
	VerifyHTTP     VerifyKind = "http"
	VerifyCallback VerifyKind = "callback"
	VerifyNone     VerifyKind = "none"
)

// Rules are what holds for one board at one moment beside the table: limits of its hardware type and image, how its
// image proves itself, what its rack wants.
type Rules struct {
	Limits     map[State]time.Duration // override the row's limit
	Stall      time.Duration           // overrides the row's stall limit where the row has one; 0: the row's
	Tries      uint8                   // overrides the rows' tries; 0: the rows'
	Verify     VerifyKind              // empty: VerifyLoader
	Powerless  string                  // not empty: the power line is wrong, so no wish that boots the board can be carried out
	Suspect    bool                    // the image that is wished is suspect: boards are not failed for it
	CyclesOnly bool                    // the switch can only take the power and give it back at once
	Manual     bool                    // no relay: a person switches the board when it is asked to boot
	FailedOff  bool                    // a board that comes to rest in failed_… is switched off
	Jitter     time.Duration           // added to a limit that begins anew, so that not all of a rack run out at once
	Speed      float64                 // divides every time, for simulated racks; 0: 1
}

// Input is one thing that happened. Which fields count depends on Kind.
type Input struct {
	Kind  Kind
	Now   time.Time // by the server's clock
	Rules *Rules    // nil: the table alone
	Fresh Token     // fresh randomness, used if this input decides a network boot
	Place bool      // a place of the power budget is held for the board, or free for it

	Visit uint64 // of the state that started what answers now; for SetState the visit that the asker saw
	Token Token  // of the boot that speaks; zero where the board is known by MAC or address only
	Bare  bool   // a callback without a token, counted for the current boot (a rack's bare_callbacks)

	From string // LoaderAsked: the address it came from
	Text string // a detail for people: why a relay failed, what a script said
	// Crossed names the board that seems to hang on this board's relay, or this board on that one's: LoaderAsked and
	// Timeout. Confirmed: it was seen twice.
	Crossed   string
	Confirmed bool
	Part      Part      // what a script, or a relay's error, blames; Repaired: what was mended
	Wear      *Wear     // Rebooting: what the card says of itself; nil: nothing
	Skipped   int64     // Rebooting: bytes that the card had already, so that they were not written
	Exchange  *Exchange // Repaired: what came with the repair; nil: nothing
	Good      bool      // Rebooting: the hash read back is the image's. RelayDown: the relay was not touched

	Want   Want   // Wish
	Image  string // Wish for an image; ImageUp: the image's own name, where it said one
	By     string // who asks
	Own    bool   // the server asks by itself: its budget applies
	WishID [8]byte
	Force  bool  // Cancel while writing
	To     State // SetState
	Until  time.Time
	Labels map[string]*string // Relabel: what each label is to be; nil: it is taken off
}
