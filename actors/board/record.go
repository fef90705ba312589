package board

import (
	"encoding/base32"
	"errors"
	"maps"
	"strings"
	"time"
)

// Token names one network boot of one board. It is in the names of the kernel and initrd that the boot loads and in
// its URLs, and dies with the boot. It protects against accidents and earlier boots, not against a hostile board.
type Token [16]byte

var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String is the token as it stands in URLs: 26 lower-case characters.
func (t Token) String() string { return tokenText.EncodeToString(t[:]) }

// Short is the token as it may stand in logs: its first 4 characters.
func (t Token) Short() string { return t.String()[:4] + "…" }

// IsZero says whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// Made once: every word of every line of syslog is tried, and is none.
var (
	errTokenLength = errors.New("a boot token has 26 characters")
	errTokenText   = errors.New("a boot token has the characters a–z and 2–7 only")
)

// ParseToken reads the 26 characters of a token, in either case.
func ParseToken(s string) (Token, error) {
	var t Token
	if len(s) != 26 {
		return t, errTokenLength
	}
	b, err := tokenText.DecodeString(strings.ToLower(s))
	if err != nil || len(b) != len(t) {
		return t, errTokenText
	}
	copy(t[:], b)
	return t, nil
}

// Want is what an attempt is to bring about.
type Want string

// What can be wanted of a board. WantCard is what becomes of a cancelled wish: boot from the card as it is.
const (
	WantNothing     Want = ""
	WantImage       Want = "image"
	WantPowerOn     Want = "power-on"
	WantPowerOff    Want = "power-off"
	WantPowerCycle  Want = "power-cycle"
	WantSelfTest    Want = "self-test"
	WantMaintenance Want = "maintenance"
	WantCard        Want = "cancelled"
)

// Live says whether w needs the live environment.
func (w Want) Live() bool { return w == WantImage || w == WantSelfTest || w == WantMaintenance }

// Power is what the record says of a board's power: what its relay is to be driven to, not what it was read as.
type Power string

// The board has power, has none, or nobody has said yet.
const (
	PowerUnknown Power = ""
	PowerOn      Power = "on"
	PowerOff     Power = "off"
)

// Fact is a piece of evidence: what proved how far a board got, when (Unix milliseconds, the server's clock).
type Fact struct {
	Kind Kind   `cbor:"1,keyasint" json:"kind"`
	At   int64  `cbor:"2,keyasint" json:"at"`
	Text string `cbor:"3,keyasint,omitempty" json:"text,omitempty"`
	Boot uint32 `cbor:"4,keyasint,omitempty" json:"boot,omitempty"`
}

// Blame is what a failure is put down to, and the sentence that says why.
type Blame struct {
	Part Part   `cbor:"1,keyasint" json:"part"`
	Text string `cbor:"2,keyasint" json:"text"`
}

// Lock keeps automation and other people away from a board until a time (Unix milliseconds, 0: until unlocked).
type Lock struct {
	Who   string `cbor:"1,keyasint" json:"who"`
	Why   string `cbor:"2,keyasint,omitempty" json:"why,omitempty"`
	Until int64  `cbor:"3,keyasint,omitempty" json:"until,omitempty"`
}

// Answered remembers what a person or a program asked for, so that it is done once if it is sent twice.
type Answered struct {
	_       struct{} `cbor:",toarray"`
	ID      [8]byte  // KeyBytes of the hash of the asker's id, then of the hash of what was asked; zero: it had no id
	Attempt uint32
}

// KeyBytes are those of an ID that stand for the asker's id; the rest tells the same again from another wish under it.
const KeyBytes = 5

// Known finds what was asked under an id; other: it was not this. nil: nothing was, or there is no id.
func (b *Board) Known(id [8]byte) (known *Answered, other bool) {
	for i := range b.Wishes {
		if w := &b.Wishes[i]; id != [8]byte{} && [KeyBytes]byte(w.ID[:]) == [KeyBytes]byte(id[:]) {
			return w, w.ID != id
		}
	}
	return nil, false
}

// Board is all that is stored of a board's life, written whole at every transition. Times are Unix milliseconds by
// the server's wall clock. Encoded it has a few hundred bytes and stays under 2 KB: texts are cut on entry, lists have the lengths said below.
type Board struct {
	State    State  `cbor:"1,keyasint"`
	Since    int64  `cbor:"2,keyasint"`
	Deadline int64  `cbor:"3,keyasint,omitempty"` // when the state's limit runs out; 0: none
	Visit    uint64 `cbor:"4,keyasint"`           // rises at every entry into a state

	Attempt uint32 `cbor:"5,keyasint,omitempty"`  // number of the current or last attempt
	Began   int64  `cbor:"6,keyasint,omitempty"`  // when that attempt began
	Want    Want   `cbor:"7,keyasint,omitempty"`  // what it is to bring about; empty at rest
	By      string `cbor:"8,keyasint,omitempty"`  // who asked
	Image   string `cbor:"9,keyasint,omitempty"`  // the image it asked for
	Rest    State  `cbor:"10,keyasint,omitempty"` // the rest it began from

	Boot  uint32  `cbor:"11,keyasint,omitempty"` // rises each time a network boot is decided, over the board's life
	Token Token   `cbor:"12,keyasint"`           // of the boot that is alive; zero: none is
	Past  []Token `cbor:"13,keyasint,omitempty"` // of the last boots that are over, newest last, at most maxPast

	WaitingFor WaitingFor `cbor:"14,keyasint,omitempty"`
	Next       State      `cbor:"15,keyasint,omitempty"` // where Waiting leads

	Tries   map[State]uint8 `cbor:"16,keyasint,omitempty"` // failed visits by row, cleared by the next wish
	Cycles  uint8           `cbor:"17,keyasint,omitempty"` // power cycles of this attempt
	Hour    []int64         `cbor:"18,keyasint,omitempty"` // power cycles of the last hour, Unix seconds
	Own     []int64         `cbor:"19,keyasint,omitempty"` // attempts that the server began by itself in 24 h, Unix seconds
	Free    bool            `cbor:"20,keyasint,omitempty"` // the limit of this visit costs no try: it was begun anew
	Power   Power           `cbor:"21,keyasint,omitempty"`
	Written bool            `cbor:"22,keyasint,omitempty"` // the write gate was opened in this attempt: the card is in doubt
	Done    bool            `cbor:"23,keyasint,omitempty"` // the live part of this attempt is done: what follows boots from the card
	Card    string          `cbor:"24,keyasint,omitempty"` // image known to be on the card; empty: not known

	Evidence Fact       `cbor:"25,keyasint"`
	Blame    *Blame     `cbor:"26,keyasint,omitempty"` // of the last failed visit
	Lock     *Lock      `cbor:"27,keyasint,omitempty"`
	Wishes   []Answered `cbor:"28,keyasint,omitempty"` // the last maxWishes
	Comment  string     `cbor:"29,keyasint,omitempty"`
	Address  string     `cbor:"30,keyasint,omitempty"` // where its loader asked from last; empty: never seen

	OffAt   int64 `cbor:"31,keyasint,omitempty"` // when the power was read back off for the boot that is alive; 0: it was not
	StillUp bool  `cbor:"32,keyasint,omitempty"` // it answered since, before the power was back
	Auto    bool  `cbor:"33,keyasint,omitempty"` // the server began the attempt by itself

	Labels map[string]string `cbor:"34,keyasint,omitempty"` // those that people gave it, beside the inventory's; at most maxLabels bytes

	Exchange *Exchange `cbor:"35,keyasint,omitempty"` // what a repair changed before the inventory said so; nil: nothing
}

// Exchange is another MAC address or another switch that a repair gave a board. Each holds as long as the inventory still
// says what it said then; empty: that one was not changed. It is never changed in place.
type Exchange struct {
	MAC      string `cbor:"1,keyasint,omitempty"`
	WasMAC   string `cbor:"2,keyasint,omitempty"`
	Power    string `cbor:"3,keyasint,omitempty"` // the power line, at most MaxPower bytes
	WasPower string `cbor:"4,keyasint,omitempty"` // likewise, or empty
}

// MaxPower is how long the power line of an exchange, and the one before it, may be, in bytes.
const MaxPower = 128

const (
	maxPast   = 16  // one for each power cycle an attempt may have
	maxWishes = 16  // clients retry up to 10 times
	maxText   = 120 // bytes of a sentence in the record
	maxLabels = 160 // bytes of the labels that people gave a board, names and values
)

// NewBoard is a board that nobody has asked anything of.
func NewBoard(now time.Time) Board {
	return Board{State: New, Since: now.UnixMilli(), Visit: 1}
}

// HasEntry says whether the board's loader is to be given the live environment's boot entry now. A board without a
// relay finds it whenever a person switches it.
func (b *Board) HasEntry() bool {
	return !b.Token.IsZero() && (b.State.HasEntry() || b.WaitsFor(ForPerson))
}

// WaitsFor says whether the board pauses for what.
func (b *Board) WaitsFor(what WaitingFor) bool { return b.State == Waiting && b.WaitingFor == what }

// IsPast says whether t is the token of a boot of this board that is over.
func (b *Board) IsPast(t Token) bool {
	for _, p := range b.Past {
		if p == t {
			return true
		}
	}
	return false
}

// Locked says whether the board is locked at now against who.
func (b *Board) Locked(who string, now time.Time) bool {
	l := b.Lock
	return l != nil && (l.Until == 0 || now.UnixMilli() < l.Until) && (who == "" || l.Who != who)
}

// clone copies what Step may change in place, so that the caller's Board stays as it was.
func (b Board) clone() Board {
	tries := make(map[State]uint8, len(b.Tries))
	for k, v := range b.Tries {
		tries[k] = v
	}
	b.Tries = tries
	b.Labels = maps.Clone(b.Labels)
	b.Past = append([]Token(nil), b.Past...)
	b.Hour = append([]int64(nil), b.Hour...)
	b.Own = append([]int64(nil), b.Own...)
	b.Wishes = append([]Answered(nil), b.Wishes...)
	return b
}

// cut shortens a sentence for the record without splitting a character.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText-len("…")]
	for len(s) > 0 && s[len(s)-1]&0xC0 == 0x80 {
		s = s[:len(s)-1]
	}
	if len(s) > 0 && s[len(s)-1] >= 0xC0 {
		s = s[:len(s)-1]
	}
	return s + "…"
}
