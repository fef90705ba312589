package persistence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// KV is what an Op needs of a store: one transaction that sees its own
// writes. Get answers ErrNotFound; Scan goes in order of keys until fn
// answers false.
type KV interface {
	Get(key []byte) ([]byte, error)
	Set(key, value []byte) error
	Delete(key []byte) error
	Scan(prefix []byte, backwards bool, fn func(key, value []byte) bool) error
}

// Op is one write to the truth, as data, so that it can be sent to other
// servers and carried out there once more.
type Op interface {
	// Apply judges the op by what is stored, and writes only what was judged
	// good. The same op on the same store must do and answer the same on
	// every server at any time: no clock, no chance, no map order. A refusal
	// wraps one of this package's errors; any other error says that the
	// store failed.
	Apply(tx KV) error
	// Size is about how many bytes Apply writes.
	Size() int
	// Letter says how to read the op again; see Kinds.
	Letter() byte
}

// Kinds tells for each letter how to read an op from what EncodeOp made of it.
type Kinds map[byte]func(data []byte) (Op, error)

// JournalKinds are the ops behind Journal. A letter is never used again for
// something else, and a field is never added to an op that an older server
// may have to read: a new letter is, once all servers know it.
func JournalKinds() Kinds {
	return Kinds{
		'c': DecodeAs[commitOp], 'r': DecodeAs[retireOp], 'p': DecodeAs[putDocOp],
		'd': DecodeAs[deleteDocOp], 's': DecodeAs[swapDocOp], 'n': DecodeAs[nothingOp],
	}
}

type (
	commitOp struct{ Change }
	retireOp struct {
		Board          string
		Epoch, PrevSeq uint64
	}
	putDocOp    struct{ Doc }
	deleteDocOp struct{ Kind, Name string }
	swapDocOp   struct {
		Doc
		Was []byte // hash of the content that is replaced; nil: there is none
	}
	nothingOp struct{} // asks whether writing works
)

// Apply implements Op.
func (o commitOp) Apply(tx KV) error { return o.Change.apply(tx) }

// Size implements Op.
func (o commitOp) Size() int {
	return len(o.Record) + len(o.Event) + len(o.Inputs) + headSize + 4*len(o.Board)
}

// Letter implements Op.
func (commitOp) Letter() byte { return 'c' }

// Apply implements Op.
func (o retireOp) Apply(tx KV) error { return retire(tx, o.Board, o.Epoch, o.PrevSeq) }

// Size implements Op: keys only.
func (o retireOp) Size() int { return (KeepEvents + KeepAttempts) * (len(o.Board) + 16) }

// Letter implements Op.
func (retireOp) Letter() byte { return 'r' }

// Apply implements Op.
func (o putDocOp) Apply(tx KV) error { return tx.Set(docKey(o.Kind, o.Name), o.Data) }

// Size implements Op.
func (o putDocOp) Size() int { return len(o.Data) + MaxBoard }

// Letter implements Op.
func (putDocOp) Letter() byte { return 'p' }

// Apply implements Op.
func (o deleteDocOp) Apply(tx KV) error { return tx.Delete(docKey(o.Kind, o.Name)) }

// Size implements Op.
func (deleteDocOp) Size() int { return MaxBoard }

// Letter implements Op.
func (deleteDocOp) Letter() byte { return 'd' }

// Apply implements Op.
func (o swapDocOp) Apply(tx KV) error {
	key := docKey(o.Kind, o.Name)
	now, err := tx.Get(key)
	gone := errors.Is(err, ErrNotFound)
	if err != nil && !gone {
		return err
	}
	switch remove := len(o.Data) == 0; {
	case gone && remove, !gone && !remove && bytes.Equal(now, o.Data):
		return nil
	case gone != (o.Was == nil), !gone && !bytes.Equal(hashOf(now), o.Was):
		return fmt.Errorf("document %s/%s: %w", o.Kind, o.Name, ErrConflict)
	case remove:
		return tx.Delete(key)
	}
	return tx.Set(key, o.Data)
}

// Size implements Op.
func (o swapDocOp) Size() int { return len(o.Data) + MaxBoard }

// Letter implements Op.
func (swapDocOp) Letter() byte { return 's' }

// hashOf is what a content is known by; nil has none.
func hashOf(data []byte) []byte {
	if data == nil {
		return nil
	}
	sum := sha256.Sum256(data)
	return sum[:]
}

// Apply implements Op.
func (nothingOp) Apply(KV) error { return nil }

// Size implements Op.
func (nothingOp) Size() int { return 1 }

// Letter implements Op.
func (nothingOp) Letter() byte { return 'n' }

// strictOps refuses fields it does not know: an op half understood would be
// carried out differently on two servers.
var strictOps = func() cbor.DecMode {
	mode, err := cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
}()

// EncodeOp makes bytes of an op: its letter, then its fields as CBOR.
func EncodeOp(op Op) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, op.Size()+64))
	b.WriteByte(op.Letter())
	if err := cbor.MarshalToBuffer(op, b); err != nil {
		return nil, fmt.Errorf("encode write %q: %w", op.Letter(), err)
	}
	return b.Bytes(), nil
}

// Decode undoes EncodeOp. A letter that is not known is an error: it comes
// from a newer server, and skipping it would lose truth.
func (k Kinds) Decode(b []byte) (Op, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("a write of no bytes")
	}
	decode, ok := k[b[0]]
	if !ok {
		return nil, fmt.Errorf("write %q is of a kind that this version does not know; upgrade this server", b[0])
	}
	return decode(b[1:])
}

// DecodeAs reads an op of one type, for use in Kinds.
func DecodeAs[T Op](data []byte) (Op, error) {
	var op T
	if err := strictOps.Unmarshal(data, &op); err != nil {
		return nil, fmt.Errorf("decode write %q: %w", op.Letter(), err)
	}
	return op, nil
}

// Refused reports whether an op was judged and found wanting, the same on
// every server; any other error of an op comes from the store beneath.
func Refused(err error) bool {
	for _, known := range []error{ErrFenced, ErrConflict, ErrInvalid, ErrNotFound} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// Nothing is an op that writes nothing; carrying it out shows that writing works.
func Nothing() Op { return nothingOp{} }
