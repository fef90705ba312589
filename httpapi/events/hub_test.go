package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

func numbered(n int) v1.BoardEvent {
	return v1.BoardEvent{Board: fmt.Sprint(n), Rack: "r1", Event: v1.Event{To: board.Ready}}
}

// Whatever readers and writers do, each reader sees every event once and in order, but for those that it is told it lost.
func TestEveryReaderSeesAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHub(rapid.IntRange(1, 8).Draw(t, "size"))
		r, seen, lost := h.Now(), 0, uint64(0)
		published := 0
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "publish") {
				published++
				h.Publish(numbered(published))
				continue
			}
			e, n, ok := r.Next()
			if lost += n; !ok {
				continue
			}
			if seen++; e.Board != fmt.Sprint(seen+int(lost)) {
				t.Fatalf("event %s after %d seen and %d lost", e.Board, seen-1, lost)
			}
		}
		for {
			_, n, ok := r.Next()
			if lost += n; !ok {
				break
			}
			seen++
		}
		if seen+int(lost) != published {
			t.Fatalf("%d published, %d seen, %d lost", published, seen, lost)
		}
	})
}

func TestComingBack(t *testing.T) {
	t.Parallel()
	h := newHub(4)
	for n := range 3 {
		h.Publish(numbered(n + 1))
	}
	first, _, _ := h.Kept().Next()
	r, ok := h.After(first.ID)
	if e, lost, more := r.Next(); !ok || !more || e.Board != "2" || lost != 0 {
		t.Errorf("after the first comes %+v, lost %d", e, lost)
	}
	for n := range 4 {
		h.Publish(numbered(n + 4))
	}
	r, ok = h.After(first.ID)
	if e, lost, _ := r.Next(); !ok || e.Board != "4" || lost != 2 {
		t.Errorf("who comes late gets %+v, lost %d", e, lost)
	}
	for _, id := range []string{"", "x", "other-1", h.id(99), h.run + "-x", h.run} {
		if r, ok := h.After(id); ok || r == nil {
			t.Errorf("%q was taken for one of ours", id)
		}
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	h := New()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 5 {
		r := h.Now()
		all.Go(func() {
			for n := range 100 {
				if e, lost, err := r.Wait(ctx); err != nil || lost != 0 || e.Board != fmt.Sprint(n) {
					t.Errorf("event %d is %+v, lost %d: %v", n, e, lost, err)
					return
				}
			}
			if _, _, err := r.Wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the end is %v", err)
			}
		})
	}
	for n := range 100 {
		h.Publish(numbered(n))
	}
	cancel()
	all.Wait()
}

func TestFilter(t *testing.T) {
	t.Parallel()
	e := v1.BoardEvent{Board: "b1", Rack: "r1", Event: v1.Event{To: board.FailedBoot}}
	for f, want := range map[*Filter]bool{
		{}: true, {Rack: "r1"}: true, {Rack: "r2"}: false, {Board: "b1"}: true, {Board: "b*"}: true, {Board: "c*"}: false, {Board: "["}: false,
		{States: []string{"failed"}}: true, {States: []string{"failed_boot"}}: true, {States: []string{"ready"}}: false, {Rack: "r1", States: []string{"ready", "failed"}}: true,
	} {
		if f.Fits(e) != want {
			t.Errorf("%+v: %t", *f, !want)
		}
	}
}
