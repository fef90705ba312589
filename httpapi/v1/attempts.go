package v1

import (
	"time"

	"mozpool/actors/board"
)

// Attempt is the short account of an attempt.
type Attempt struct {
	Number uint32       `json:"attempt"`
	Want   board.Want   `json:"want"`
	Image  string       `json:"image"`
	By     string       `json:"by"`
	Began  time.Time    `json:"began"`
	Ended  time.Time    `json:"ended,omitzero"` // absent while it runs
	Result board.State  `json:"result"`         // the state that it ended in, or is in now
	Cycles int          `json:"power_cycles"`
	Tries  int          `json:"tries"` // failed visits
	Blame  *board.Blame `json:"blame"`
}

// Attempts are ended attempts, the newest first.
type Attempts struct {
	Attempts []Attempt `json:"attempts"`
}

// Transition is one transition of a board, with the attempt that it belongs to.
type Transition struct {
	Attempt uint32 `json:"attempt"`
	Event
}

// History are the transitions of a board that are kept, the newest first.
type History struct {
	Transitions []Transition `json:"transitions"`
}

// AttemptDetail is an attempt with those of its transitions that the board's history still has, and its details.
type AttemptDetail struct {
	Attempt
	Events  []Event  `json:"events"`  // oldest first
	Moments []Moment `json:"moments"` // everything that happened, oldest first; of the board's last 50 attempts, else empty
	Missing []string `json:"missing"` // servers that did not answer, so that their details are not among these
	Log     LogRange `json:"log"`     // where the board's log tells of it
}

// LogRange is a part of a log, both ends included.
type LogRange struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// Moment is one thing that happened in an attempt. Which keys are set depends on what.
type Moment struct {
	At    time.Time `json:"at"`
	What  string    `json:"what"` // input, move, effect or transfer
	Visit uint64    `json:"visit"`
	Boot  uint32    `json:"boot,omitempty"`

	Kind    board.Kind    `json:"kind,omitempty"`    // input, and of a move what caused it
	Verdict board.Verdict `json:"verdict,omitempty"` // input: what became of it
	Times   int           `json:"times,omitempty"`   // input: so many more of the same came until at, and changed nothing
	Took    int64         `json:"took_ms,omitempty"` // input: the relay's answer, milliseconds since it was asked
	Effect  board.Do      `json:"effect,omitempty"`

	From    board.State      `json:"from,omitempty"`
	To      board.State      `json:"to,omitempty"`
	Waits   board.WaitingFor `json:"waiting_for,omitempty"`
	Until   time.Time        `json:"until,omitzero"`          // move: when the limit of the new state runs out
	Tries   int              `json:"tries,omitempty"`         // move: failed visits of from so far
	Allowed int              `json:"tries_allowed,omitempty"` // of so many

	Artifact string `json:"artifact,omitempty"`
	Step     string `json:"step,omitempty"`
	Done     int64  `json:"done,omitempty"`
	Total    int64  `json:"total,omitempty"`

	Part board.Part `json:"part,omitempty"` // what a failed visit is put down to
	Text string     `json:"text,omitempty"`
}
