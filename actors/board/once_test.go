package board

import (
	"fmt"
	"testing"
	"time"
)

// What has an id is done once, whatever became of the board since; another thing under the same id is refused.
func TestOnce(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000)
	visit := uint64(0)
	ask := func(b Board, k Kind, id [8]byte, more func(*Input)) Result {
		visit++
		in := Input{Kind: k, Now: now, By: "ann", WishID: id, Place: true, Visit: b.Visit, Fresh: Token{byte(visit)}}
		if more != nil {
			more(&in)
		}
		return Step(b, in)
	}
	key := func(n, what byte) [8]byte { return [8]byte{n, KeyBytes: what} }
	image := func(in *Input) { in.Want, in.Image = WantImage, "v2" }
	b := Board{State: Ready, Card: "v1"}
	first := ask(b, Wish, key(1, 1), image)
	if first.Verdict != Moved || first.Board.Attempt != 1 {
		t.Fatalf("%+v", first)
	}
	if r := ask(first.Board, Wish, key(1, 2), image); r.Verdict != Refused || r.Refusal.Why != OtherWish {
		t.Errorf("another wish under the same id: %+v", r)
	}
	if r := ask(first.Board, Cancel, key(1, 3), nil); r.Verdict != Refused {
		t.Errorf("an order under the id of a wish: %+v", r)
	}
	cancelled := ask(first.Board, Cancel, key(2, 1), nil)
	if cancelled.Verdict != Moved {
		t.Fatalf("%+v", cancelled)
	}
	rested := cancelled.Board
	rested.State = Ready
	later := ask(rested, Wish, key(3, 1), image)
	if later.Board.Attempt != 2 {
		t.Fatalf("%+v", later)
	}
	if r := ask(later.Board, Cancel, key(2, 1), nil); r.Verdict != Repeated || r.Board.State != later.Board.State || r.Store {
		t.Errorf("a cancel that is sent again ended what came after it: %+v", r)
	}
	for n, kind := range map[byte]Kind{4: SetLock, 5: Unlock, 6: Remark} {
		lock := func(in *Input) { in.Text = "why" }
		start := later.Board
		if kind == Unlock {
			start.Lock = &Lock{Who: "ann"}
		}
		done := ask(start, kind, key(n, 1), lock)
		if !done.Store {
			t.Fatalf("%s: %+v", kind, done)
		}
		changed := done.Board
		changed.Lock, changed.Comment = &Lock{Who: "ann", Why: "later"}, "later"
		if r := ask(changed, kind, key(n, 1), lock); r.Verdict != Repeated || r.Store || r.Board.Lock.Why != "later" || r.Board.Comment != "later" {
			t.Errorf("%s was done twice: %+v", kind, r)
		}
		if r := ask(changed, kind, [8]byte{}, lock); !r.Store {
			t.Errorf("%s without an id: %+v", kind, r)
		}
	}
	if n := len(later.Board.Wishes); n != 3 {
		t.Errorf("%d are remembered", n)
	}
}

// Orders do not push out wishes: to put an image on a board again is worse than to label it again.
func TestOrdersPushOutNoWish(t *testing.T) {
	t.Parallel()
	b := Board{State: Ready, Visit: 1}
	id := func(n int) [8]byte { return [8]byte{byte(n), 1} }
	wishes := 0
	ask := func(kind Kind, n int) Result {
		in := Input{Kind: kind, Now: time.Unix(1_760_000_000, 0), By: "ann", WishID: id(n), Place: true, Want: WantPowerOff, Text: fmt.Sprint(n)}
		r := Step(b, in)
		b = r.Board
		return r
	}
	for n := range 60 {
		if n%20 == 0 {
			b.State = Ready
			ask(Wish, n)
			wishes++
		} else if r := ask(Remark, n); r.Verdict == Refused {
			t.Fatalf("order %d: %v", n, r.Refusal)
		}
	}
	if b.Attempt != uint32(wishes) || len(b.Wishes) != maxWishes {
		t.Fatalf("attempt %d, %d are remembered", b.Attempt, len(b.Wishes))
	}
	for n := range 60 {
		known, _ := b.Known(id(n))
		if want := n%20 == 0 || n >= 60-(maxWishes-wishes); want != (known != nil) {
			t.Errorf("%d is remembered: %t", n, known != nil)
		}
	}
}
