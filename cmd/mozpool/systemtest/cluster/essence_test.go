package cluster

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// never is when an operation returns whose answer was lost.
const never = int64(math.MaxInt64)

// essence is what of a board's history can be wrong: the rest is left out, or made narrower, so that whether an order explains
// it is found out at once also where there is none. Visits only rise, so of each visit
//
//   - one look is enough, the first that returned, and none if one at a later visit returned before;
//   - of changes whose answer was lost at most one was done, none where another is known to be, so the first stands for all;
//   - that one was done before a later visit showed, or never.
func essence(all []porcupine.Operation) (out []porcupine.Operation) {
	changed, lost := make(map[uint64]bool), make(map[uint64]porcupine.Operation)
	byReturn := slices.SortedStableFunc(slices.Values(all), func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	type sight struct {
		visit uint64
		at    int64
	}
	var shown []sight // ever later visits, and when each had shown itself
	top := uint64(0)
	for _, o := range byReturn {
		visit := o.Input.(compare).visit
		switch o.Output.(verdict) {
		case seen:
			if visit <= top {
				continue
			}
		case done:
			changed[visit] = true
			visit++
		case unknown:
			if first, ok := lost[visit]; !ok || o.Call < first.Call {
				lost[visit] = o
			}
			continue
		case refused:
			visit = 0
		}
		out = append(out, o)
		if visit > top {
			top = visit
			shown = append(shown, sight{visit, o.Return})
		}
	}
	for visit, o := range lost {
		if changed[visit] {
			continue
		}
		i := sort.Search(len(shown), func(i int) bool { return shown[i].visit > visit })
		if i < len(shown) {
			if shown[i].at < o.Call {
				continue // too late for it
			}
			o.Return = shown[i].at
		}
		out = append(out, o)
	}
	return out
}

// until is what was known of a history at a moment: what had not returned may have been done.
func until(all []porcupine.Operation, at int64) (known []porcupine.Operation) {
	for _, o := range all {
		switch {
		case o.Call > at, o.Return > at && o.Output == seen:
			continue
		case o.Return > at:
			o.Output, o.Return = unknown, never
		}
		known = append(known, o)
	}
	return known
}

// whenWrong is the moment at which no order explained any more what was known of a board's history, and what had been said of it
// shortly before.
func whenWrong(all []porcupine.Operation) (at int64, before []porcupine.Operation) {
	byReturn := slices.SortedStableFunc(slices.Values(all), func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	n := sort.Search(len(byReturn), func(n int) bool {
		return porcupine.CheckOperationsTimeout(model.ToModel(), essence(until(byReturn, byReturn[n].Return)), judging) != porcupine.Ok
	})
	at = byReturn[min(n, len(byReturn)-1)].Return
	for _, o := range until(byReturn, at) {
		if o.Return >= at-int64(5*time.Second) {
			before = append(before, o)
		}
	}
	return at, before
}

// The essence of a history is right or wrong as the whole is.
func TestEssence(t *testing.T) {
	t.Parallel()
	legal := 0
	rapid.Check(t, func(t *rapid.T) {
		all := []porcupine.Operation{{Input: compare{"b", 1}, Output: seen, Call: 0, Return: 0}}
		for range rapid.IntRange(0, 9).Draw(t, "operations") {
			call := rapid.Int64Range(1, 12).Draw(t, "call")
			o := porcupine.Operation{
				Input:  compare{"b", rapid.Uint64Range(1, 4).Draw(t, "visit")},
				Output: rapid.SampledFrom([]verdict{done, refused, unknown, seen}).Draw(t, "verdict"),
				Call:   call, Return: call + rapid.Int64Range(0, 6).Draw(t, "takes"),
			}
			if o.Output == unknown {
				o.Return = never
			}
			all = append(all, o)
		}
		want := porcupine.CheckOperations(model.ToModel(), all)
		if want {
			legal++
		}
		if got := porcupine.CheckOperations(model.ToModel(), essence(all)); got != want {
			t.Fatalf("%t, want %t, of %v", got, want, essence(all))
		}
	})
	if legal < 10 {
		t.Errorf("%d histories were right, too few to tell", legal)
	}
}

// pretended is a history of a board for which n clients fought for so long: one copy of it decides in order, others show it up
// to a tenth of a second late, and of one answer in fifty nobody knows what came of it, or when.
func pretended(random *rand.Rand, n int, length time.Duration) (all []porcupine.Operation) {
	type event struct {
		at  time.Duration
		who int
		do  func(at time.Duration)
	}
	var (
		queue []event
		visit = uint64(1)
		trail = []struct {
			at    time.Duration
			visit uint64
		}{{0, 1}}
	)
	after := func(at time.Duration, most time.Duration) time.Duration {
		return at + 1 + time.Duration(random.Int64N(int64(most)))
	}
	push := func(e event) {
		i, _ := slices.BinarySearchFunc(queue, e, func(a, b event) int { return cmp.Compare(a.at, b.at) })
		queue = slices.Insert(queue, i, e)
	}
	add := func(who int, v uint64, out verdict, call, end time.Duration) {
		all = append(all, porcupine.Operation{ClientId: who, Input: compare{"b", v}, Output: out, Call: int64(call), Return: int64(end)})
	}
	var look func(who int) func(time.Duration)
	look = func(who int) func(time.Duration) {
		return func(call time.Duration) {
			if call > length {
				return
			}
			late := call - time.Duration(random.Int64N(int64(100*time.Millisecond)))
			i := len(trail) - 1
			for i > 0 && trail[i].at > late {
				i--
			}
			saw, end := trail[i].visit, after(call, time.Millisecond)
			add(who, saw, seen, call, end)
			lost := random.IntN(50) == 0
			call = end + 1
			decided, end := after(call, 4*time.Millisecond), time.Duration(0)
			end = after(decided, 4*time.Millisecond)
			next := end
			if lost {
				decided, end, next = after(call, 5*time.Second), time.Duration(never), call+10*time.Second
			}
			push(event{next + 150*time.Millisecond, who, look(who)})
			push(event{decided, who, func(at time.Duration) {
				out := refused
				if visit == saw {
					visit++
					trail = append(trail, struct {
						at    time.Duration
						visit uint64
					}{at, visit})
					out = done
				}
				if lost {
					out = unknown
				}
				add(who, saw, out, call, end)
			}})
		}
	}
	for who := range n {
		push(event{time.Duration(who), who, look(who)})
	}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		e.do(e.at)
	}
	return all
}

// Half an hour of clients is judged at once, whether an order explains it or not, and where none does it is told when that began.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	all := pretended(rand.New(rand.NewPCG(1, 1)), 2*servers, 30*time.Minute)
	if got := porcupine.CheckOperationsTimeout(model.ToModel(), essence(all), judging); got != porcupine.Ok {
		t.Errorf("the history as it was is %s", got)
	}
	for name, wrong := range map[string]verdict{"decided twice": done, "refused without a reason": refused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(2, 2))
			i := len(all)/2 + random.IntN(100)
			for all[i].Output == unknown || all[i].Output == seen || all[i].Output == wrong || all[i].Input.(compare).visit == 1 {
				i++
			}
			bad := slices.Clone(all)
			bad[i].Output = wrong
			if got := porcupine.CheckOperationsTimeout(model.ToModel(), essence(bad), judging); got != porcupine.Illegal {
				t.Errorf("a history with one wrong answer is %s", got)
			}
			at, before := whenWrong(bad)
			if late := time.Duration(at - bad[i].Return); late < 0 || late > time.Second {
				t.Errorf("that answer %d came at %v was found at %v, from %d answers before", i, time.Duration(bad[i].Return), time.Duration(at), len(before))
			}
		})
	}
}
