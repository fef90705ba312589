package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// What is shown is always the view that was asked for, also where boards share a slot or change between two looks.
func TestShownBoards(t *testing.T) {
	t.Parallel()
	s := newShownBoards()
	for round := range 3 {
		for i := range 2 * shownSlots {
			v := apitest.Board(fmt.Sprintf("b%d", i), board.Ready)
			v.Board.Visit = uint64(round)
			for range 2 {
				data, err := s.of(&v)
				var b v1.Board
				if err != nil || json.Unmarshal(data, &b) != nil || b.Name != v.Spec.Name || b.Visit != uint64(round) {
					t.Fatalf("%s in round %d is shown as %s, %v", v.Spec.Name, round, data, err)
				}
			}
		}
	}
	v := apitest.Busy("b1")
	first, _ := s.of(&v)
	again, _ := s.of(&v)
	if !bytes.Equal(first, again) || &first[0] != &again[0] {
		t.Error("a view was encoded twice")
	}
}
