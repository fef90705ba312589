package persistence

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawOp is any write on a few names, so that writes meet.
func drawOp(t *rapid.T) Op {
	name := rapid.SampledFrom([]string{"b1", "b2", "r1/b1"}).Draw(t, "name")
	number := rapid.Uint64Range(0, 3)
	bytes := rapid.SliceOfN(rapid.Byte(), 1, 8)
	switch rapid.SampledFrom([]byte("crpdsn")).Draw(t, "letter") {
	case 'c':
		c := Change{Board: name, Epoch: number.Draw(t, "epoch"), PrevSeq: number.Draw(t, "prev"), Record: bytes.Draw(t, "record")}
		c.Inputs = rapid.SampledFrom([][]byte{nil, {}, {7}}).Draw(t, "inputs") // keep, remove, replace
		if rapid.Bool().Draw(t, "with attempt") {
			c.Attempt = &Attempt{Number: number.Draw(t, "attempt"), Summary: bytes.Draw(t, "summary")}
		}
		return commitOp{c}
	case 'r':
		return retireOp{name, number.Draw(t, "epoch"), number.Draw(t, "prev")}
	case 'p':
		return putDocOp{Doc{"kind", name, bytes.Draw(t, "data")}}
	case 's':
		data := rapid.SampledFrom([][]byte{nil, {7}, {8}})
		return swapDocOp{Doc{"kind", name, data.Draw(t, "data")}, hashOf(data.Draw(t, "was"))}
	case 'd':
		return deleteDocOp{"kind", name}
	}
	return nothingOp{}
}

// What is sent to another server does and answers there what it did here.
func TestSentOpsDoTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		here, there := mapKV{}, mapKV{}
		for range rapid.IntRange(1, 20).Draw(t, "ops") {
			op := drawOp(t)
			data, err := EncodeOp(op)
			if err != nil {
				t.Fatal(err)
			}
			sent, err := JournalKinds().Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			mine, theirs := op.Apply(here), sent.Apply(there)
			if (mine == nil) != (theirs == nil) || mine != nil && mine.Error() != theirs.Error() || op.Size() != sent.Size() {
				t.Fatalf("%#v: %v here, %v there", op, mine, theirs)
			}
			if mine != nil && !Refused(mine) {
				t.Fatalf("%#v failed: %v", op, mine)
			}
		}
		if !maps.EqualFunc(here, there, func(a, b []byte) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("stored %v here, %v there", here, there)
		}
	})
}

func TestForeignOpsAreNotGuessed(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"":            "no bytes",
		"?\xa0":       "upgrade this server",
		"p\xa1aXaY":   "unknown field",
		"c":           "decode write 'c'",
		"d\xa1dName1": "decode write 'd'",
	} {
		if _, err := JournalKinds().Decode([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", data, err, want)
		}
	}
}
