package cluster

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"mozpool/actors/board"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// What came of a compare-and-set of a board's state, and of a look at it.
type verdict int

const (
	done    verdict = iota // it was in the visit that was seen
	refused                // it was in another
	unknown                // the answer was lost: done now, later or never
	seen                   // a look: in this visit, now or some time ago
)

type (
	compare struct {
		board string
		visit uint64 // that was seen, or is now
	}
	history struct {
		mu    sync.Mutex
		began time.Time
		lost  error // the last reason for an answer that is not known
		all   []porcupine.Operation
		count map[verdict]int
	}
)

func newHistory() *history { return &history{began: time.Now(), count: make(map[verdict]int)} }

// add notes an operation that ended now; one whose end is not known never ended.
func (h *history) add(who int, input, output any, v verdict, call time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := int64(time.Since(h.began))
	if v == unknown {
		end = never
	}
	h.count[v]++
	h.all = append(h.all, porcupine.Operation{ClientId: who, Input: input, Output: output, Call: int64(call), Return: end})
}

// model is what a board's visit may do, one operation after another: a compare-and-set that saw the visit raises it by
// one, and is refused only if it saw another. A look may be late, but never shows what has not been decided.
var model = porcupine.NondeterministicModel{
	Init: func() []any { return []any{uint64(0)} }, // not known yet
	Step: func(state, input, output any) []any {
		now, c := state.(uint64), input.(compare)
		switch output.(verdict) {
		case done:
			if now == c.visit || now == 0 {
				return []any{c.visit + 1}
			}
		case refused:
			if now != c.visit {
				return []any{now}
			}
		case unknown:
			if now == c.visit {
				return []any{now, now + 1}
			}
			return []any{now}
		case seen:
			if now == 0 {
				return []any{c.visit}
			}
			if c.visit <= now {
				return []any{now}
			}
		}
		return nil
	},
	Partition: byBoard(func(input any) string { return input.(compare).board }),
}

// The model says no to what must never be: it is shown to.
func TestModel(t *testing.T) {
	t.Parallel()
	at := func(from, to int64, visit uint64, v verdict) porcupine.Operation {
		return porcupine.Operation{Input: compare{"b", visit}, Output: v, Call: from, Return: to}
	}
	for name, test := range map[string]struct {
		all  []porcupine.Operation
		want bool
	}{
		"one after another":           {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 3, 1, done), at(4, 5, 2, done), at(6, 7, 1, refused)}, true},
		"two decide on one visit":     {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 5, 1, done), at(3, 6, 1, done)}, false},
		"a decision is lost":          {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 3, 1, done), at(4, 5, 1, done)}, false},
		"refused without a reason":    {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 3, 1, refused)}, false},
		"a lost answer, done":         {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 99, 1, unknown), at(4, 5, 2, done)}, true},
		"a lost answer, not done":     {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 99, 1, unknown), at(4, 5, 1, done)}, true},
		"a look is late":              {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 3, 1, done), at(4, 5, 1, seen)}, true},
		"a look at what is undecided": {[]porcupine.Operation{at(0, 1, 1, seen), at(2, 3, 2, seen)}, false},
	} {
		if got := porcupine.CheckOperations(model.ToModel(), test.all); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

// contend has several clients, each at a server of its own, fight for the states of these boards until ctx ends.
func (w *world) contend(ctx context.Context, h *history, names []string) *sync.WaitGroup {
	var all sync.WaitGroup
	for who := range 2 * servers {
		all.Go(func() {
			for turn := who; ctx.Err() == nil; turn++ {
				w.compareAndSet(ctx, h, who, names[turn%len(names)])
				select {
				case <-time.After(150 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	return &all
}

// compareAndSet looks at a board and changes the state that it saw.
func (w *world) compareAndSet(ctx context.Context, h *history, who int, name string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cl := w.Servers[who%servers].Client()
	call := time.Since(h.began)
	b, err := cl.Board(ctx, name)
	if err != nil {
		return
	}
	h.add(who, compare{name, b.Visit}, seen, seen, call)
	to := board.LockedOut
	if b.State == to {
		to = board.Troubleshooting
	}
	call = time.Since(h.began)
	_, err = cl.SetState(ctx, name, b.Visit, to)
	v := unknown
	var problem *client.Problem
	switch {
	case err == nil:
		v = done
	case errors.As(err, &problem) && problem.Kind == v1.KindMismatch:
		v = refused
	}
	h.add(who, compare{name, b.Visit}, v, v, call)
	if v == unknown {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.lost = err
	}
}

// judging is how long the search for an order may take. What is not decided by then is a fault of the test.
const judging = time.Minute

// tell says how much there is to judge.
func (h *history) tell(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %d done, %d refused, %d not known; %d looks", what, h.count[done], h.count[refused], h.count[unknown], h.count[seen])
	if h.count[done] == 0 {
		t.Errorf("%s: nothing was ever done: %v", what, h.lost)
	}
}

// judgeStates says whether there is an order of all decisions about boards' states that explains every answer.
func (h *history) judgeStates(t *testing.T) {
	t.Helper()
	h.tell(t, "compare-and-set")
	for _, board := range model.Partition(h.all) {
		if result := porcupine.CheckOperationsTimeout(model.ToModel(), essence(board), judging); result != porcupine.Ok {
			at, before := whenWrong(board)
			t.Errorf("compare-and-set: that an order explains the answers is %s from %v on: %+v", result, time.Duration(at), before)
		}
	}
}
