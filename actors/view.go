package actors

import (
	"net/netip"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// View is a board as its owner last published it: after a commit, or after something that may be lost with the
// process. It is immutable; readers hold it as long as they like and never ask the actor.
type View struct {
	Spec     inventory.Spec  // as the inventory has it, and a repair since
	Listed   *inventory.Spec // as the inventory has it; nil: Spec is that
	Board    board.Board
	Seq      uint64     // sequence of the last change in the journal; 0: none yet
	Inputs   *Inputs    // what the current or last attempt pinned; nil: none
	Address  netip.Addr // the inventory's, else the one last seen; invalid: not known
	Progress Progress   // of the current visit; zero: nothing heard
	Health   Health     // of a board in Ready
	Queue    int        // place in the queue for power, from 1; 0: not queued
	At       time.Time  // when this was published
	AsOf     time.Time  // in a cluster, when whoever acts for the board was heard last; zero: it is heard
}

// Progress is how far a transfer or a write has come, in bytes.
type Progress struct {
	Artifact string
	Step     string // what the script says it does; empty: it did not say
	Done     int64
	Total    int64 // 0: not known
	Acked    bool  // the server saw it; the board itself said nothing
	At       time.Time
}

// Inputs are what an attempt pinned when its wish was accepted; neither a restart nor another images.yaml changes
// them. The journal stores Raw beside the board's record.
type Inputs struct {
	Limits map[board.State]time.Duration // of the image over those of the hardware type
	Stall  time.Duration                 // 0: the table's
	Check  Check
	Bytes  int64  // to be written to the card; 0: not known
	Compat string // prefix of state names in the old API: android, b2g, or empty
	Raw    []byte // JSON, at most 256 KB
	Order  any    // Raw decoded by the Planner, for those who serve the boot
}

// Check is how an image proves that it runs.
type Check struct {
	Kind   board.VerifyKind
	For    time.Duration // how long it has to hold
	Port   uint16        // tcp
	Expect string        // tcp: text that the board must say first; empty: connecting is enough
	URL    string        // http: absolute, or ":PORT/PATH" or "/PATH" on the board's own address
	Status int           // http: the status to expect; 0: 200
}

// Evidence is something a board did, seen by one of the servers that it talks to.
type Evidence struct {
	Input board.Input    // Kind, Token, Bare, Text, Part, Good, Image; Now and the rest are the actor's
	From  netip.AddrPort // where it came from; invalid: not known
}

// Answer is what became of a wish or another word of a person or program.
type Answer struct {
	Board    string // its name
	Attempt  uint32
	State    board.State
	Visit    uint64
	Repeated bool // it had been done already; nothing happened now
}

// Request is a wish from people or programs: of an image, or of power.
type Request struct {
	Want   board.Want
	Image  string            // for WantImage
	Config map[string]string // for WantImage: the image's config keys
	By     string            // who asks
	Force  bool              // although the image is suspect
	Own    bool              // the server asks by itself
	ID     string            // Idempotency-Key; the same id again does nothing; empty: none
}

// Order is any other word: cancel, accept, set_state, lock, unlock, comment.
type Order struct {
	Kind   board.Kind // board.Cancel, Accept, SetState, SetLock, Unlock, Remark, Relabel
	By     string
	Text   string             // reason of a lock, the comment
	Force  bool               // Cancel
	To     board.State        // SetState
	Visit  uint64             // SetState: the visit that the asker saw
	Until  time.Time          // SetLock: zero for "until unlocked"
	Labels map[string]*string // Relabel: what each label is to be; nil: it is taken off
	ID     string             // Idempotency-Key; the same id again does nothing; empty: none
}

// Stranger is a MAC address that asked for a boot entry and belongs to no board.
type Stranger struct {
	MAC   string     `json:"mac"`
	From  netip.Addr `json:"address"`
	Rack  string     `json:"rack"`
	First time.Time  `json:"first"`
	Last  time.Time  `json:"last"`
	Times int        `json:"times"`
}
