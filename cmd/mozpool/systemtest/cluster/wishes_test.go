package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"mozpool/actors/board"
	"mozpool/cmd/mozpool/demo/several"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

type (
	// wanted is a wish for an image under a key, until it was accepted or refused.
	wanted struct{ board, key string }
	// told is what came of it; of a look, and of a wish that is done, the number of an attempt.
	told struct {
		verdict
		attempt int
	}
)

// wishes is what a board may be told, one after another. Its state is the keys of its attempts, in their order: a new key
// that is taken on is the next attempt, a known one is answered with its own, and is never refused any more. A look is at
// the number of all attempts, none more and none less.
var wishes = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, input, output any) []any {
		all := state.(string)
		key, keys, out := input.(wanted).key, strings.Fields(all), output.(told)
		at := slices.Index(keys, key)
		next := strings.TrimPrefix(all+" "+key, " ")
		switch {
		case out.verdict == seen && out.attempt == len(keys), out.verdict == refused && at < 0,
			out.verdict == done && at >= 0 && out.attempt == at+1, out.verdict == unknown && at >= 0:
			return []any{all}
		case out.verdict == done && at < 0 && out.attempt == len(keys)+1:
			return []any{next}
		case out.verdict == unknown:
			return []any{all, next}
		}
		return nil
	},
	Partition: byBoard(func(input any) string { return input.(wanted).board }),
}

// byBoard parts a history, for boards know nothing of each other.
func byBoard(name func(input any) string) func([]porcupine.Operation) [][]porcupine.Operation {
	return func(all []porcupine.Operation) (parts [][]porcupine.Operation) {
		boards := make(map[string][]porcupine.Operation)
		for _, o := range all {
			boards[name(o.Input)] = append(boards[name(o.Input)], o)
		}
		for _, part := range boards {
			parts = append(parts, part)
		}
		return parts
	}
}

// The model of wishes says no to what must never be: it is shown to.
func TestWishModel(t *testing.T) {
	t.Parallel()
	at := func(from, to int64, key string, v verdict, attempt int) porcupine.Operation {
		return porcupine.Operation{Input: wanted{"b", key}, Output: told{v, attempt}, Call: from, Return: to}
	}
	for name, test := range map[string]struct {
		all  []porcupine.Operation
		want bool
	}{
		"one after another":                {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "b", refused, 0), at(4, 5, "b", done, 2), at(6, 7, "", seen, 2)}, true},
		"repeated":                         {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "b", done, 2), at(4, 5, "a", done, 1), at(6, 7, "", seen, 2)}, true},
		"the same, at once":                {[]porcupine.Operation{at(0, 5, "a", done, 1), at(0, 5, "a", done, 1), at(6, 7, "", seen, 1)}, true},
		"repeated, and done again":         {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "a", done, 2)}, false},
		"repeated, and done again, unseen": {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "a", done, 1), at(4, 5, "", seen, 2)}, false},
		"repeated, and refused":            {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "a", refused, 0)}, false},
		"taken on, and lost":               {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "b", done, 1)}, false},
		"taken on, and lost at the end":    {[]porcupine.Operation{at(0, 1, "a", done, 1), at(2, 3, "", seen, 0)}, false},
		"two in one attempt":               {[]porcupine.Operation{at(0, 5, "a", done, 1), at(0, 5, "b", done, 1)}, false},
		"a lost answer, done":              {[]porcupine.Operation{at(0, 99, "a", unknown, 0), at(2, 3, "b", done, 2)}, true},
		"a lost answer, not done":          {[]porcupine.Operation{at(0, 99, "a", unknown, 0), at(2, 3, "b", done, 1)}, true},
	} {
		if got := porcupine.CheckOperations(wishes.ToModel(), test.all); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

// wishing has a client at each server ask for images on the same boards until ctx ends. Each key is asked for by two of
// them at about the same time, and by each again some time after it was taken on, at any server: not at once, when those
// that were asked have the answer in memory still. Most are refused, for boards are busy.
func (w *world) wishing(ctx context.Context, h *history, names []string) *sync.WaitGroup {
	var all sync.WaitGroup
	for _, name := range names {
		var turns atomic.Int64
		for who := range servers {
			all.Go(func() {
				for last := ""; ctx.Err() == nil; {
					pause := time.Second
					if last != "" { // by now the rack may be another server's
						w.askedFor(ctx, h, who+int(turns.Load())%servers, name, last)
						last = ""
					} else if key := fmt.Sprint("k", turns.Add(1)/2); w.askedFor(ctx, h, who, name, key) == done {
						last, pause = key, 15*time.Second // longer than an attempt
					}
					select {
					case <-time.After(pause):
					case <-ctx.Done():
					}
				}
			})
		}
	}
	return &all
}

// askedFor asks at one server after the other until one says what came of the wish.
func (w *world) askedFor(ctx context.Context, h *history, who int, name, key string) verdict {
	call, out := time.Since(h.began), told{unknown, 0}
	for try := who; out.verdict == unknown && ctx.Err() == nil; try++ {
		asking, cancel := context.WithTimeout(ctx, 10*time.Second)
		a, err := w.Servers[try%servers].Client().ImageOnce(asking, name, v1.ImageWish{Image: several.Image}, key)
		cancel()
		var problem *client.Problem
		switch {
		case err == nil:
			out = told{done, int(a.Attempt)}
		case errors.As(err, &problem) && problem.Kind == v1.KindRefused:
			out = told{refused, 0}
		default:
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
	h.add(who, wanted{name, key}, out, out.verdict, call)
	return out.verdict
}

// judgeWishes waits until boards rest that nobody asks for any more: every wish that was taken on is one attempt of theirs,
// no attempt is nobody's, and they are ready.
func (w *world) judgeWishes(h *history, names []string) {
	w.t.Helper()
	var all []v1.Board
	w.until("boards that were fought for to rest", func() bool {
		boards, err := w.Boards(w.ctx)
		all = slices.DeleteFunc(boards, func(b v1.Board) bool { return !slices.Contains(names, b.Name) })
		return err == nil && len(all) == len(names) && several.AtRest(all)
	})
	for _, b := range all {
		if b.State != board.Ready || b.Image != several.Image {
			w.t.Errorf("%s is %s with image %q: %+v", b.Name, b.State, b.Image, b.Blame)
		}
		call := time.Since(h.began)
		ended, err := w.Servers[0].Client().Attempts(w.ctx, b.Name, attemptsKept)
		w.must(err)
		h.add(0, wanted{board: b.Name}, told{seen, max(len(ended), int(b.Attempt))}, seen, call)
		for _, r := range w.Racks {
			if i := slices.Index(r.Names(), b.Name); i >= 0 {
				w.judgeCuts(b.Name, r.Cuts(i), int(b.Attempt))
			}
		}
	}
	h.tell(w.t, "wishes")
	for _, board := range wishes.Partition(h.all) {
		if result := porcupine.CheckOperationsTimeout(wishes.ToModel(), board, judging); result != porcupine.Ok {
			w.t.Errorf("wishes: that an order explains the answers is %s: %+v", result, board)
		}
	}
}
