package persistence

import "testing"

func TestCommitted(t *testing.T) {
	t.Parallel()
	c, ok := Committed(commitOp{Change{Board: "board1", PrevSeq: 3}})
	if !ok || c.Board != "board1" || c.PrevSeq != 3 {
		t.Errorf("got %+v, %v", c, ok)
	}
	if _, ok := Committed(Nothing()); ok {
		t.Error("an op that commits nothing passes for a change")
	}
}
