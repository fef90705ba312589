// Package v1 is the shapes of API v1: what stands in the bodies of requests and answers.
//
// It decides the names and types of all JSON keys, for the server (package httpapi) and its clients (package client)
// alike, so that they cannot drift apart. It refuses to hold behaviour beyond that: no HTTP, no look-ups. A key that
// was published keeps its name and meaning; new ones may be added. Times are RFC 3339 in UTC, by the server's clock.
package v1

import (
	"time"

	"mozpool/actors/board"
)

// Prefix is the path that all of API v1 lies below.
const Prefix = "/api/v1"

// Header names that API v1 gives a meaning to.
const (
	IdempotencyKey = "Idempotency-Key" // on wishes: the same key again does nothing and gets the first answer
	UserHeader     = "X-Mozpool-User"  // the name that is shown; no proof of anything
)

// Board is a board as the API shows it. Keys without omitzero are always there, null or empty where there is nothing.
type Board struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Rack       string            `json:"rack"`
	Hardware   string            `json:"hardware"`
	MAC        string            `json:"mac"`
	Address    string            `json:"address"` // of the inventory, else the one last seen; empty: not known
	Place      string            `json:"place"`
	Console    string            `json:"console"` // URL for people, or tcp://host:port, whose lines are in the log; empty: none
	State      board.State       `json:"state"`
	Since      time.Time         `json:"since"`
	Deadline   *time.Time        `json:"deadline"` // when the state's limit runs out; null: it has none
	Visit      uint64            `json:"visit"`    // rises at every entry into a state; the ETag
	Attempt    uint32            `json:"attempt"`  // the current one, else the last; 0: none yet
	Boot       uint32            `json:"boot"`     // network boots over the board's life
	Wish       board.Want        `json:"wish"`     // what the current attempt is to bring about; empty at rest
	Image      string            `json:"image"`    // what is being put on the card, else what is known to be on it
	WaitingFor board.WaitingFor  `json:"waiting_for"`
	Evidence   *Evidence         `json:"evidence"` // the last; null: nothing was seen yet
	Blame      *board.Blame      `json:"blame"`    // of the last failed visit; null: none failed
	Lock       *Lock             `json:"lock"`
	Labels     map[string]string `json:"labels"`
	Comment    string            `json:"comment"`
	Power      string            `json:"power"` // on, off or unknown: what the board is meant to have

	Switch   string    `json:"switch,omitempty"`  // the power address: which relay, or manual
	Listed   *Listed   `json:"listed,omitempty"`  // what the inventory still says, since a repair changed it; absent: the same
	Progress *Progress `json:"progress,omitzero"` // of a transfer in this state
	Health   *Health   `json:"health,omitempty"`  // of a ready board: its last check, or why it is not checked; absent: none was made yet
	Queue    int       `json:"queue,omitempty"`   // place in the queue for power, from 1
	// AsOf is how old what is shown is: when the server that acts for the board's rack was heard last; absent: it is heard.
	AsOf *time.Time `json:"as_of,omitempty"`
}

// Listed is what the inventory says of a board that a repair has changed since. It holds again as soon as it changes.
type Listed struct {
	MAC    string `json:"mac"`
	Switch string `json:"switch"`
	Source string `json:"source"` // file or URL to bring up to date
}

// Evidence is what proved last how far a board got.
type Evidence struct {
	Kind board.Kind `json:"kind"`
	At   time.Time  `json:"at"`
	Text string     `json:"text"`
}

// Lock keeps automation and other people away from a board.
type Lock struct {
	Who   string     `json:"who"`
	Why   string     `json:"why"`
	Until *time.Time `json:"until"` // null: until it is unlocked
}

// Health is what the last health check of a ready board found.
type Health struct {
	At   *time.Time `json:"at"`   // null: the board is not checked
	OK   bool       `json:"ok"`   // it answered
	Text string     `json:"text"` // what was seen, or why the board is not checked
}

// Progress is how far a transfer or a write has come, in bytes.
type Progress struct {
	Artifact string    `json:"artifact"`
	Step     string    `json:"step,omitempty"`
	Done     int64     `json:"done"`
	Total    int64     `json:"total"` // 0: not known
	At       time.Time `json:"at"`
}

// Boards is one page of boards, sorted by name.
type Boards struct {
	Boards []Board `json:"boards"`
	Next   string  `json:"next"` // cursor of the next page; empty: this is the last
}

// ImageWish asks for an image on a board.
type ImageWish struct {
	Image  string            `json:"image"`
	Config map[string]string `json:"config,omitempty"` // the image's config keys
	Force  bool              `json:"force,omitempty"`  // although the image is suspect
}

// CancelOrder ends a wish.
type CancelOrder struct {
	Force bool `json:"force,omitempty"` // also while the card is being written
}

// LockOrder locks a board for the one who asks.
type LockOrder struct {
	Why   string     `json:"why,omitempty"`
	Until *time.Time `json:"until,omitempty"` // absent: until it is unlocked
}

// StateOrder sets a state, if the board is still in the visit that If-Match names.
type StateOrder struct {
	State board.State `json:"state"`
}

// Accepted is the answer to a wish or an order.
type Accepted struct {
	Board   string      `json:"board"`
	Attempt uint32      `json:"attempt"`
	State   board.State `json:"state"`
}

// Why explains a board to a person.
type Why struct {
	Board        string      `json:"board"`
	State        board.State `json:"state"`
	Since        time.Time   `json:"since"`
	Deadline     *time.Time  `json:"deadline"` // null: the state has no limit
	Text         string      `json:"text"`     // one or two sentences
	Next         string      `json:"next"`
	Remedy       string      `json:"remedy"`
	Tries        int         `json:"tries"` // failed visits of this state in this attempt
	TriesAllowed int         `json:"tries_allowed"`
	Evidence     *Evidence   `json:"evidence"` // what was heard last; null: nothing yet
	// AsOf is how old what is told is: when the server that acts for the board's rack was heard last; absent: it is heard.
	AsOf *time.Time `json:"as_of,omitempty"`
}

// Problem is an error, RFC 9457.
type Problem struct {
	Type   string `json:"type"`   // about:blank: the kind says more than an address would
	Title  string `json:"title"`  // the phrase of the HTTP status
	Status int    `json:"status"` // the HTTP status
	Detail string `json:"detail"` // what is wrong with what
	Kind   Kind   `json:"kind"`
	Remedy string `json:"remedy"` // what to do instead
}

// Kind is what programs decide by; a kind never changes its meaning.
type Kind string

// The kinds of problems, with their HTTP status.
const (
	KindBadRequest  Kind = "bad_request"            // 400
	KindNoToken     Kind = "unauthorized"           // 401
	KindForbidden   Kind = "forbidden"              // 403
	KindNotFound    Kind = "not_found"              // 404
	KindMethod      Kind = "method_not_allowed"     // 405
	KindTimeout     Kind = "timeout"                // 408
	KindRefused     Kind = "refused"                // 409
	KindMismatch    Kind = "mismatch"               // 412
	KindTooLarge    Kind = "too_large"              // 413
	KindMediaType   Kind = "unsupported_media_type" // 415
	KindLocked      Kind = "locked"                 // 423
	KindNeedsMatch  Kind = "precondition_required"  // 428
	KindTooMany     Kind = "too_many_requests"      // 429
	KindHeaders     Kind = "headers_too_large"      // 431
	KindInternal    Kind = "internal"               // 500
	KindNotHere     Kind = "not_implemented"        // 501
	KindUnavailable Kind = "unavailable"            // 503
)
