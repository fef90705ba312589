// Package persistence keeps what must outlive the process: the truth about
// boards (Journal) and what boards and servers said (Logs).
//
// It decides what counts as durable, in which order changes to one board may
// follow each other, and what is thrown away when space or age demands it.
// It refuses to interpret what it stores: records, events, inputs and
// summaries are bytes to it. It knows no clock but the one it is given, no
// network, and nothing of ours above it.
//
// The board actors commit through Journal, the rack actor and the API load
// and list through it, and every source of log lines appends to Logs.
// DESIGN.md beside this file tells the order of things and what was measured.
package persistence

import (
	"context"
	"errors"
	"iter"
)

// Limits of one change, in bytes. A longer field is refused by name with
// ErrInvalid.
const (
	MaxBoard   = 128       // name of a board, or rack/board
	MaxRecord  = 5 << 9    // whole state of a board; a few hundred unless every text and list in it is full
	MaxEvent   = 256       // what happened, in one transition
	MaxInputs  = 256 << 10 // image, script and config that an attempt pinned
	MaxSummary = 512       // one attempt in short
	MaxDoc     = 512 << 10 // one document
)

// How much history a board keeps; older entries go in the transaction that
// adds newer ones.
const (
	KeepEvents   = 100
	KeepAttempts = 1000
)

// What a caller decides by. All are wrapped with the board they concern.
var (
	// ErrFenced: a newer owner has written; this one must stop.
	ErrFenced = errors.New("fenced: a newer owner has written")
	// ErrConflict: PrevSeq is not the stored sequence, or the document is
	// another; read it again.
	ErrConflict = errors.New("conflict: what is stored is another")
	// ErrUnavailable: nothing was stored (closed, full or read-only); try later.
	ErrUnavailable = errors.New("journal unavailable")
	// ErrUnknown: it may be stored or not. Perform no effect; send the same
	// change again until it is answered or the lease ends.
	ErrUnknown = errors.New("outcome unknown")
	// ErrInvalid: the change itself is wrong; sending it again cannot help.
	ErrInvalid = errors.New("invalid change")
	// ErrNotFound: no such document.
	ErrNotFound = errors.New("not found")
)

// Change is one transition of one board.
type Change struct {
	Board   string   // 1 to MaxBoard bytes, none below 0x20
	Rack    string   // whose lease Epoch is of; "" = no fence but the board's own
	Epoch   uint64   // the writer's lease; never lower than the rack's fence, or than the stored one where there is none
	PrevSeq uint64   // stored sequence that this change follows; 0 for the first
	Record  []byte   // the whole state, 1 to MaxRecord bytes
	Event   []byte   // at most MaxEvent bytes; empty = none
	Inputs  []byte   // nil = keep what is there, empty = remove
	Attempt *Attempt // nil = none
}

// Attempt is the short account of one attempt; a later one with the same
// number replaces it.
type Attempt struct {
	Number  uint64 // counts up within a board
	Summary []byte // at most MaxSummary bytes
}

// Stored is what the journal holds of one board.
type Stored struct {
	Board  string
	Seq    uint64 // Change.PrevSeq + 1 of the last change
	Epoch  uint64 // of the last change
	Record []byte
	Inputs []byte // nil = none
}

// Event is one kept event; Seq is the sequence its change brought the board to.
type Event struct {
	Seq  uint64
	Data []byte
}

// Doc is one document: other truth, such as the catalogue of boards.
type Doc struct {
	Kind, Name string
	Data       []byte
}

// Journal is where the truth about boards is kept. All methods may be called
// from many goroutines; slices that it hands out belong to the caller, and
// slices handed in may not change until the call returned (after ErrUnknown:
// not at all).
type Journal interface {
	// Commit stores one change, all of it or nothing. nil means durable; the
	// same change sent again answers nil too. Otherwise ErrFenced,
	// ErrConflict, ErrUnavailable, ErrUnknown or ErrInvalid (errors.Is).
	Commit(ctx context.Context, c Change) error
	// Load yields every board whose name begins with prefix ("" = all), in
	// order of names, in one scan of one moment. An error ends it.
	Load(ctx context.Context, prefix string) iter.Seq2[Stored, error]
	// Events returns the last limit events (0 = all kept), oldest first.
	Events(ctx context.Context, board string, limit int) ([]Event, error)
	// Attempts returns the last limit attempts (0 = all kept), newest first.
	Attempts(ctx context.Context, board string, limit int) ([]Attempt, error)
	// Retire removes a board and all its history under the rules of Commit;
	// a board that is not there answers nil.
	Retire(ctx context.Context, board string, epoch, prevSeq uint64) error
	// PutDoc stores a document durably in place of the one it may find.
	PutDoc(ctx context.Context, d Doc) error
	// SwapDoc stores a document in place of the one whose content is was, nil:
	// where there is none; without Data it removes it. Whichever else is found
	// is an ErrConflict, but for what this call is to bring about: a repeat.
	SwapDoc(ctx context.Context, d Doc, was []byte) error
	// DeleteDoc removes a document; one that is not there answers nil.
	DeleteDoc(ctx context.Context, kind, name string) error
	// GetDoc returns one document, or ErrNotFound.
	GetDoc(ctx context.Context, kind, name string) (Doc, error)
	// ListDocs returns all documents of a kind whose name begins with prefix,
	// in order of names.
	ListDocs(ctx context.Context, kind, prefix string) ([]Doc, error)
	// Close answers what is queued and lets go of the folder. Later calls
	// get ErrUnavailable.
	Close() error
}
