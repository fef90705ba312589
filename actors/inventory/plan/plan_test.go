package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mozpool/actors/inventory"
)

// rules split a power line at its first dash; boards labelled so are held.
var rules = Rules{
	Outlet: func(power string) (string, string) { d, n, _ := strings.Cut(power, "-"); return d, n },
	Check: func(s inventory.Spec) string {
		if s.Rack == "r9" {
			return "rack r9 is not in the configuration"
		}
		return ""
	},
	Hold: func(s inventory.Spec) string {
		if s.Labels["held"] != "" {
			return "it is locked"
		}
		return ""
	},
}

func board(id, name string) inventory.Spec {
	return inventory.Spec{ID: id, Name: name, MAC: inventory.MAC("mac of " + name), Rack: "r1", Hardware: "panda", Power: "relay-" + name, Source: "s"}
}

func records(specs ...inventory.Spec) (all []inventory.Record) {
	for _, s := range specs {
		all = append(all, inventory.Record{Spec: s})
	}
	return all
}

// drawBoards draws records that collide, are wrong, and are held often.
func drawBoards(t *rapid.T, label string) []inventory.Spec {
	ids := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 12).Draw(t, label)
	specs := make([]inventory.Spec, len(ids))
	for i, id := range ids {
		specs[i] = board(strconv.Itoa(id), "n"+rapid.StringMatching(`[0-9]`).Draw(t, "name"))
		specs[i].MAC = inventory.MAC("m" + rapid.StringMatching(`[0-9]`).Draw(t, "mac"))
		specs[i].Rack = rapid.SampledFrom([]string{"r1", "r1", "r1", "r2", "r9"}).Draw(t, "rack")
		specs[i].Power = rapid.SampledFrom([]string{"", "a-", "b-"}).Draw(t, "device") + rapid.StringMatching(`[0-9]`).Draw(t, "outlet")
		if rapid.IntRange(0, 4).Draw(t, "held") == 0 {
			specs[i].Labels = map[string]string{"held": "yes"}
		}
	}
	return specs
}

func TestSettleAndMakeAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := Settle(nil, records(drawBoards(t, "known")...), rules).Boards
		fetched := records(drawBoards(t, "fetched")...)
		settled := Settle(known, fetched, rules)
		s := settler{rules: rules}
		c := s.collisions(settled.Boards)
		for _, b := range settled.Boards {
			if why := c.of(b); why != "" {
				t.Fatalf("settled boards collide: %s", why)
			}
		}
		p, err := Make(known, settled.Boards)
		if err != nil {
			t.Fatal(err)
		}
		for _, gone := range p.Remove {
			if rules.Hold(gone) != "" || slices.ContainsFunc(fetched, func(r inventory.Record) bool { return r.Spec.ID == gone.ID }) {
				t.Fatalf("%s is removed, though it is held or a record speaks of it", gone.Name)
			}
		}
		applied, err := p.Apply(known)
		if err != nil {
			t.Fatal(err)
		}
		again := Settle(applied, fetched, rules)
		if second, err := Make(applied, again.Boards); err != nil || len(settled.Held) == 0 && len(settled.Skips) == 0 && !second.Empty() {
			t.Fatalf("the second plan is not empty: %+v, %v", second, err)
		}
		if rest, err := Make(applied, settled.Boards); err != nil || !rest.Empty() {
			t.Fatalf("the plan does not lead to what was settled: %+v, %v", rest, err)
		}
		slices.Reverse(fetched)
		slices.Reverse(known)
		reversed := Settle(known, fetched, rules)
		if q, err := Make(known, reversed.Boards); err != nil || q.ID != p.ID || fmt.Sprint(reversed.Skips) != fmt.Sprint(settled.Skips) {
			t.Fatalf("the order matters: %s or %s (%v)\n%v\n%v", q.ID, p.ID, err, reversed.Skips, settled.Skips)
		}
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	with := func(b inventory.Spec, change func(*inventory.Spec)) inventory.Spec { change(&b); return b }
	a, b, c := board("1", "a"), board("2", "b"), board("3", "c")
	for name, tc := range map[string]struct {
		known   []inventory.Spec
		records []inventory.Record
		boards  string // names
		skip    string // in the first reason
	}{
		"all good":                     {nil, records(a, b), "a b", ""},
		"two with one MAC, both named": {nil, records(a, with(b, func(s *inventory.Spec) { s.MAC = a.MAC }), c), "c", "belongs to a (id 1, of s) and b (id 2, of s)"},
		"two with one name":            {nil, records(a, with(b, func(s *inventory.Spec) { s.Name = "A" })), "", "name a belongs to"},
		"two on one outlet":            {nil, records(a, with(b, func(s *inventory.Spec) { s.Power = a.Power })), "", "outlet relay a belongs to"},
		"a relay board in two racks":   {nil, records(a, with(b, func(s *inventory.Spec) { s.Rack = "r2" }), with(c, func(s *inventory.Spec) { s.Power = "o-1" })), "c", "racks r1 and r2"},
		"a rack that is not known":     {[]inventory.Spec{a}, records(with(a, func(s *inventory.Spec) { s.Rack = "r9" }), b), "a b", "rack r9"},
		"a spoiled record":             {[]inventory.Spec{a}, []inventory.Record{{Spec: a, Problems: []string{"no mac"}}}, "a", "no mac"},
		"a spoiled id":                 {[]inventory.Spec{a}, []inventory.Record{{Spec: with(a, func(s *inventory.Spec) { s.ID = "" }), Problems: []string{"no id"}}}, "a", "no id"},
		"removed":                      {[]inventory.Spec{a, b}, records(a), "a", ""},
		"renamed, and the name taken":  {[]inventory.Spec{a}, records(with(a, func(s *inventory.Spec) { s.Name = "z" }), with(b, func(s *inventory.Spec) { s.Name = "a" })), "z a", ""},
		"the name of a kept board":     {[]inventory.Spec{a}, append(records(with(b, func(s *inventory.Spec) { s.Name = "a" })), inventory.Record{Spec: with(a, func(s *inventory.Spec) { s.Name = "z" }), Problems: []string{"bad"}}), "a", "name a belongs to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Settle(tc.known, tc.records, rules)
			var names []string
			for _, s := range got.Boards {
				names = append(names, s.Name)
			}
			if strings.Join(names, " ") != tc.boards || (len(got.Skips) > 0) != (tc.skip != "") || tc.skip != "" && !strings.Contains(got.Skips[0].Reason, tc.skip) {
				t.Errorf("boards %v, skips %+v", names, got.Skips)
			}
		})
	}
}

func TestHeldStays(t *testing.T) {
	t.Parallel()
	gone, moved := board("1", "a"), board("2", "b")
	gone.Labels = map[string]string{"held": "yes"}
	moved.Labels = gone.Labels
	to := moved
	to.Rack = "r2"
	got := Settle([]inventory.Spec{gone, moved}, records(to), rules)
	if len(got.Boards) != 2 || got.Boards[1].Rack != "r1" || len(got.Held) != 2 ||
		got.Held[0].Reason != "it is to be removed, but it is locked" || got.Held[1].Reason != "it is to move to rack r2, but it is locked" {
		t.Errorf("%+v", got)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	many := func(n int) []inventory.Spec { return make([]inventory.Spec, n) }
	for name, tc := range map[string]struct {
		plan           inventory.Plan
		known, fetched int
		guarded        bool
	}{
		"an empty fleet is filled":        {inventory.Plan{Add: many(880)}, 0, 880, false},
		"five of few":                     {inventory.Plan{Change: make([]inventory.Change, 5)}, 6, 6, false},
		"six of few":                      {inventory.Plan{Change: make([]inventory.Change, 6)}, 6, 6, true},
		"a tenth":                         {inventory.Plan{Remove: many(44), Add: many(44)}, 880, 880, false},
		"more than a tenth":               {inventory.Plan{Remove: many(44), Add: many(45)}, 880, 880, true},
		"a tenth of the fetched":          {inventory.Plan{Add: many(20)}, 180, 200, false},
		"removals beyond a known's tenth": {inventory.Plan{Remove: many(11)}, 100, 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if why := Guard(Plan{Plan: tc.plan}, Settled{}, Agreed{}, tc.known, tc.fetched); (why != "") != tc.guarded {
				t.Errorf("got %q", why)
			}
		})
	}
}

func TestApplyRefusesAnotherFleet(t *testing.T) {
	t.Parallel()
	a, b := board("1", "a"), board("2", "b")
	renamed := a
	renamed.Name = "z"
	p, err := Make([]inventory.Spec{a}, []inventory.Spec{renamed, b})
	if err != nil {
		t.Fatal(err)
	}
	for name, known := range map[string][]inventory.Spec{"gone": {}, "changed": {renamed}, "there": {a, b}} {
		if _, err := p.Apply(known); err == nil {
			t.Errorf("%s: applied", name)
		}
	}
}

// What waits for a rest counts until it was agreed to; what was agreed to as a change is not agreed to as a removal.
func TestGuardCountsWhatWaits(t *testing.T) {
	t.Parallel()
	var s Settled
	all := make(map[string]bool)
	for i := range 6 {
		id := fmt.Sprint(i)
		s.Held, s.Leaving, all[id] = append(s.Held, Skip{ID: id}), append(s.Leaving, id), true
	}
	for name, c := range map[string]struct {
		agreed  Agreed
		guarded bool
	}{
		"nobody was asked": {Agreed{}, true}, "agreed": {Agreed{Any: all, Go: all}, false}, "agreed to as changes": {Agreed{Any: all}, true},
	} {
		if why := Guard(Plan{}, s, c.agreed, 20, 14); (why != "") != c.guarded {
			t.Errorf("%s: %q", name, why)
		}
	}
	p, q := (Plan{}).With(s), (Plan{}).With(Settled{Held: s.Held, Leaving: s.Leaving[1:]})
	if p.ID == "" || p.ID == q.ID || p.Size() != 6 || (Plan{ID: "x"}).With(Settled{}).ID != "x" {
		t.Errorf("plans that do different things later: %q and %q", p.ID, q.ID)
	}
}
