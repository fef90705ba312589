package actors

import (
	"fmt"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"mozpool/actors/board"
)

// Event is one transition of a board, as its history keeps it.
type Event struct {
	At      time.Time   `json:"at"`
	From    board.State `json:"from"`
	To      board.State `json:"to"`
	By      board.Kind  `json:"by"` // what moved it
	Visit   uint64      `json:"visit"`
	Attempt uint32      `json:"attempt"`
	Boot    uint32      `json:"boot"`
	Part    board.Part  `json:"part,omitempty"` // a failed visit: what it is put down to
	Text    string      `json:"text,omitempty"` // why it failed, or what was said
}

// Attempt is the short account of an attempt that has ended.
type Attempt struct {
	Number uint32       `json:"attempt"`
	Want   board.Want   `json:"want"`
	Image  string       `json:"image,omitempty"`
	By     string       `json:"by,omitempty"`
	Began  time.Time    `json:"began"`
	Ended  time.Time    `json:"ended"`
	Result board.State  `json:"result"`
	Cycles int          `json:"power_cycles"`
	Tries  int          `json:"tries"` // failed visits
	Blame  *board.Blame `json:"blame,omitempty"`
}

// storedEvent is an Event of at most 256 bytes: texts are cut, times are Unix milliseconds.
type storedEvent struct {
	_       struct{} `cbor:",toarray"`
	At      int64
	From    board.State
	To      board.State
	By      board.Kind
	Visit   uint64
	Attempt uint32
	Boot    uint32
	Part    board.Part
	Text    string
}

// storedAttempt is an Attempt of at most 512 bytes.
type storedAttempt struct {
	_      struct{} `cbor:",toarray"`
	Want   board.Want
	Image  string
	By     string
	Began  int64
	Ended  int64
	Result board.State
	Cycles uint8
	Tries  uint16
	Blame  *board.Blame
}

// encMode writes the same bytes for the same board, so that a change sent twice is known as one.
var encMode = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

func encode(v any) []byte {
	b, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("actors: encode %T: %v", v, err)) // plain structs always encode
	}
	return b
}

// decodeArray reads a struct that is stored as an array. What a later version put behind the fields that are known here is
// left out: in a cluster servers of two versions read the same.
func decodeArray[T any](data []byte) (v T, err error) {
	var fields []cbor.RawMessage
	if err := cbor.Unmarshal(data, &fields); err != nil {
		return v, err
	}
	known := reflect.TypeFor[T]().NumField() - 1 // one is for the tag
	if len(fields) > known {
		data = encode(fields[:known])
	}
	return v, cbor.Unmarshal(data, &v)
}

func decodeBoard(data []byte) (board.Board, error) {
	var b board.Board
	if err := cbor.Unmarshal(data, &b); err != nil {
		return b, fmt.Errorf("record: %w", err)
	}
	if !b.State.Valid() {
		return b, fmt.Errorf("record: state %q is not known to this version", b.State)
	}
	return b, nil
}

// event describes the step from one board to the next.
func event(from board.Board, by board.Kind, r *board.Result, now time.Time) []byte {
	to := r.Board
	e := storedEvent{At: now.UnixMilli(), From: from.State, To: to.State, By: by, Visit: to.Visit, Attempt: to.Attempt, Boot: to.Boot}
	if r.Failed != nil {
		e.Part, e.Text = r.Failed.Blame.Part, r.Failed.Blame.Text
	}
	return encode(e)
}

func decodeEvent(data []byte) (Event, error) {
	e, err := decodeArray[storedEvent](data)
	if err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	return Event{At: time.UnixMilli(e.At).UTC(), From: e.From, To: e.To, By: e.By, Visit: e.Visit, Attempt: e.Attempt, Boot: e.Boot,
		Part: e.Part, Text: e.Text}, nil
}

// summary is the account of the attempt that r ended.
func summary(from board.Board, r *board.Result, now time.Time) []byte {
	b := r.Board
	tries := uint16(0)
	for _, n := range b.Tries {
		tries += uint16(n)
	}
	return encode(storedAttempt{Want: from.Want, Image: b.Image, By: b.By, Began: b.Began, Ended: now.UnixMilli(), Result: b.State,
		Cycles: b.Cycles, Tries: tries, Blame: b.Blame})
}

func decodeAttempt(number uint64, data []byte) (Attempt, error) {
	a, err := decodeArray[storedAttempt](data)
	if err != nil {
		return Attempt{}, fmt.Errorf("attempt %d: %w", number, err)
	}
	return Attempt{Number: uint32(number), Want: a.Want, Image: a.Image, By: a.By, Began: time.UnixMilli(a.Began).UTC(),
		Ended: time.UnixMilli(a.Ended).UTC(), Result: a.Result, Cycles: int(a.Cycles), Tries: int(a.Tries), Blame: a.Blame}, nil
}
