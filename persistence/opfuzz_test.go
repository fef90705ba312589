package persistence

import (
	"bytes"
	"testing"
)

// What comes from another server is a write that is the same when it is sent on, or an error; it is never half understood.
func FuzzDecodeOp(f *testing.F) {
	for _, op := range []Op{commitOp{Change{Board: "b1", Epoch: 1, Record: []byte{1}, Attempt: &Attempt{Number: 1}}}, retireOp{"b1", 1, 2},
		putDocOp{Doc{"k", "n", []byte{1}}}, deleteDocOp{"k", "n"}, swapDocOp{Doc{"k", "n", nil}, hashOf([]byte{2})}, nothingOp{}} {
		data, err := EncodeOp(op)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	kinds := JournalKinds()
	f.Fuzz(func(t *testing.T, data []byte) {
		op, err := kinds.Decode(data)
		if err != nil {
			return
		}
		sent, err := EncodeOp(op)
		if err != nil {
			t.Fatal(err)
		}
		again, err := kinds.Decode(sent)
		if err != nil {
			t.Fatalf("%x was taken and sent on as %x: %v", data, sent, err)
		}
		if twice, err := EncodeOp(again); err != nil || !bytes.Equal(sent, twice) {
			t.Errorf("%x was sent on as %x, then as %x: %v", data, sent, twice, err)
		}
		if err := op.Apply(mapKV{}); err != nil && !Refused(err) {
			t.Errorf("%x failed: %v", data, err)
		}
	})
}
