package actors

import (
	"errors"
	"testing"
	"testing/synctest"

	"mozpool/actors/board"
)

// What is foreseen is what is answered then; nothing is asked of a board, and nothing is stored.
func TestForesee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.f.Stop()
		kindOf := func(err error) ProblemKind {
			var p *Problem
			if errors.As(err, &p) {
				return p.Kind
			}
			return ""
		}
		wish := Request{Want: board.WantImage, Image: "v2", By: "ann", ID: "k"}
		before := *w.f.ByName("board1")
		if a, err := w.f.ForeseeWish(t.Context(), "board1", wish); err != nil || a.Attempt != 0 || a.State != board.New {
			t.Errorf("%+v, %v", a, err)
		}
		if _, err := w.f.ForeseeOrder("board1", Order{Kind: board.Cancel}); kindOf(err) != Refused {
			t.Errorf("nothing to cancel: %v", err)
		}
		if a, err := w.f.ForeseeOrder("board1", Order{Kind: board.Accept}); err != nil || a.State != board.New {
			t.Errorf("%+v, %v", a, err)
		}
		if now := *w.f.ByName("board1"); now.Board.Visit != before.Board.Visit || w.rail.switched() != 0 {
			t.Errorf("something was done: %+v", now.Board)
		}
		if _, err := w.f.ForeseeWish(t.Context(), "board1", Request{Want: board.WantImage, Image: "unknown"}); err == nil {
			t.Error("an image that nobody knows")
		}
		if _, err := w.f.ForeseeWish(t.Context(), "nobody", wish); kindOf(err) != NotFound {
			t.Errorf("a board that nobody knows: %v", err)
		}
		if _, err := w.f.Wish(t.Context(), "board1", wish); err != nil {
			t.Fatal(err)
		}
		if a, err := w.f.ForeseeWish(t.Context(), "board1", wish); err != nil || !a.Repeated {
			t.Errorf("asked before: %+v, %v", a, err)
		}
		if _, err := w.f.ForeseeWish(t.Context(), "board1", Request{Want: board.WantImage, Image: "v2"}); kindOf(err) != Refused {
			t.Errorf("busy: %v", err)
		}
		if _, err := w.f.ForeseeOrder("board1", Order{Kind: "happy"}); kindOf(err) != BadRequest {
			t.Errorf("no order: %v", err)
		}
	})
}
