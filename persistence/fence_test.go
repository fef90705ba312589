package persistence

import (
	"errors"
	"testing"
)

// A board that moves to a rack with fewer epochs behind it is written by that rack's holder, and not by an older one.
func TestMovedToAYoungerRack(t *testing.T) {
	t.Parallel()
	tx := mapKV{}
	for rack, epoch := range map[string]uint64{"old": 7, "young": 3} {
		if err := Fence(tx, rack, epoch); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		rack  string
		epoch uint64
		prev  uint64
		want  error
	}{
		{"old", 7, 0, nil},
		{"young", 2, 1, ErrFenced}, // a holder of before
		{"young", 3, 1, nil},
		{"old", 7, 1, ErrConflict}, // its actor has not heard of the move yet
		{"young", 3, 2, nil},
		{"", 2, 3, ErrFenced}, // without a rack the board's own epoch holds
	} {
		err := Change{Board: "b1", Rack: c.rack, Epoch: c.epoch, PrevSeq: c.prev, Record: []byte{byte(i)}}.apply(tx)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("change %d: %v, want %v", i, err, c.want)
		}
	}
}

func TestWrote(t *testing.T) {
	t.Parallel()
	for want, op := range map[string]Op{"a": putDocOp{Doc{Kind: "a"}}, "b": deleteDocOp{Kind: "b"}, "": commitOp{}} {
		if got := Wrote(op); got != want {
			t.Errorf("%#v: %q", op, got)
		}
	}
}
