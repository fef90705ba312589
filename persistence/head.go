package persistence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// head stands before a record and is all that the rules need to know of it.
type head struct {
	epoch, seq uint64
	events     uint64   // events ever written: the next one's place in the ring
	hash       [16]byte // of the last change, to know it when it comes again
}

const (
	headVersion = 1
	headSize    = 1 + 3*8 + 16
)

func (h head) encode(record []byte) []byte {
	b := make([]byte, 0, headSize+len(record))
	b = append(b, headVersion)
	b = binary.BigEndian.AppendUint64(b, h.epoch)
	b = binary.BigEndian.AppendUint64(b, h.seq)
	b = binary.BigEndian.AppendUint64(b, h.events)
	b = append(b, h.hash[:]...)
	return append(b, record...)
}

func decodeHead(b []byte) (h head, record []byte, err error) {
	if len(b) < headSize || b[0] != headVersion {
		return h, nil, fmt.Errorf("record of %d bytes is not of this format", len(b))
	}
	h.epoch = binary.BigEndian.Uint64(b[1:])
	h.seq = binary.BigEndian.Uint64(b[9:])
	h.events = binary.BigEndian.Uint64(b[17:])
	copy(h.hash[:], b[25:])
	return h, b[headSize:], nil
}

// hash covers the epoch too: were a change of another epoch taken for a
// repeat, the newer owner's fence would not be raised.
func (c Change) hash() (sum [16]byte) {
	var b bytes.Buffer
	field := func(p []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint64(len(p)))
		b.Write(p)
	}
	_ = binary.Write(&b, binary.BigEndian, []uint64{c.Epoch, c.PrevSeq})
	field(c.Record)
	field(c.Event)
	if c.Inputs != nil {
		field(c.Inputs)
	}
	if c.Attempt != nil {
		b.WriteByte('a')
		_ = binary.Write(&b, binary.BigEndian, c.Attempt.Number)
		field(c.Attempt.Summary)
	}
	whole := sha256.Sum256(b.Bytes())
	copy(sum[:], whole[:])
	return sum
}
