package plan

import (
	"cmp"
	"slices"
	"strings"

	"mozpool/actors/inventory"
)

// Skip is a board, or a record of one, that is left as it is.
type Skip struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Source string `json:"source"`
	Reason string `json:"reason"` // with the remedy
}

// Rules are what Settle asks of those who know.
type Rules struct {
	// Outlet tells what a well-formed power line switches: equal device and
	// name are one outlet, an empty device is none that could be shared.
	Outlet func(power string) (device, name string)
	// Check says what else is wrong with a board, such as a rack that the
	// configuration does not name; empty: nothing.
	Check func(inventory.Spec) string
	// Hold says why a known board must neither be removed nor change its rack
	// now, such as a lock; empty: it may.
	Hold func(inventory.Spec) string
	// Busy says why a known board must not get another MAC address, switch or
	// hardware type now; empty: it may.
	Busy func(inventory.Spec) string
}

// Free tells whether nothing holds a board as it is.
func (r Rules) Free(b inventory.Spec) bool {
	return (r.Hold == nil || r.Hold(b) == "") && (r.Busy == nil || r.Busy(b) == "")
}

// Settled is what the fleet is to become.
type Settled struct {
	Boards []inventory.Spec // sorted by id; no two share what is one board's
	Skips  []Skip           // records that cannot be used; sorted by name
	Held   []Skip           // known boards that have to stay as they are for now; sorted by name
	// Leaving are the ids of those of Held that are to be removed; sorted.
	Leaving []string
}

// settler is the work of one Settle.
type settler struct {
	rules Rules
	known map[string]inventory.Spec
	good  map[string]inventory.Spec // by id: records that are used
	kept  map[string]inventory.Spec // by id: known boards that stay as they were
	out   Settled
}

// Settle sifts the records of all sources. Records that are wrong by themselves,
// or that share an id, name, MAC, outlet or address with another, are skipped,
// all that are concerned, and so are the boards of a relay board that seems to
// be in two racks. The known boards that they speak of stay as they were.
func Settle(known []inventory.Spec, records []inventory.Record, rules Rules) Settled {
	s := settler{rules: rules, known: make(map[string]inventory.Spec, len(known)), good: make(map[string]inventory.Spec, len(records)), kept: make(map[string]inventory.Spec)}
	for _, k := range known {
		s.known[k.ID] = k
	}
	s.sift(records)
	s.keepSkipped()
	s.hold()
	s.yield()
	for _, boards := range []map[string]inventory.Spec{s.good, s.kept} {
		for _, b := range boards {
			s.out.Boards = append(s.out.Boards, b)
		}
	}
	slices.SortFunc(s.out.Boards, func(a, b inventory.Spec) int { return cmp.Compare(a.ID, b.ID) })
	sortSkips(s.out.Skips)
	sortSkips(s.out.Held)
	return s.out
}

func sortSkips(skips []Skip) {
	slices.SortFunc(skips, func(a, b Skip) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Reason, b.Reason))
	})
}

func (s *settler) skip(b inventory.Spec, reason string) {
	s.out.Skips = append(s.out.Skips, Skip{ID: b.ID, Name: b.Name, Source: b.Source, Reason: reason})
}

// sift keeps the records that are right by themselves and beside each other.
func (s *settler) sift(records []inventory.Record) {
	var fit []inventory.Spec
	for _, r := range records {
		problems := slices.Clone(r.Problems)
		if len(problems) == 0 && s.rules.Check != nil {
			if what := s.rules.Check(r.Spec); what != "" {
				problems = append(problems, what)
			}
		}
		if len(problems) > 0 {
			s.skip(r.Spec, strings.Join(problems, ". "))
			continue
		}
		fit = append(fit, r.Spec)
	}
	c := s.collisions(fit)
	for _, b := range fit {
		if why := c.of(b); why != "" {
			s.skip(b, why)
			continue
		}
		s.good[b.ID] = b
	}
}

// keepSkipped keeps the known boards that skipped records speak of, found by id
// or by name, since either may be what is wrong.
func (s *settler) keepSkipped() {
	if len(s.out.Skips) == 0 {
		return
	}
	names := make(map[string]bool)
	for _, k := range s.out.Skips {
		names[k.ID], names[k.Name] = true, true
	}
	for id, k := range s.known {
		if _, good := s.good[id]; !good && (names[id] || names[k.Name]) {
			s.kept[id] = k
		}
	}
}

// hold keeps the known boards that may not go, or not move, now.
func (s *settler) hold() {
	for id, k := range s.known {
		if _, kept := s.kept[id]; kept {
			continue
		}
		to, there := s.good[id]
		what, why := s.holds(k, to, there)
		if why == "" {
			continue
		}
		s.out.Held = append(s.out.Held, Skip{ID: id, Name: k.Name, Source: k.Source, Reason: what + ", but " + why})
		if !there {
			s.out.Leaving = append(s.out.Leaving, id)
		}
		delete(s.good, id)
		s.kept[id] = k
	}
	slices.Sort(s.out.Leaving)
}

// holds says what is to become of a known board, and why it cannot now; an empty why: it can.
func (s *settler) holds(k, to inventory.Spec, there bool) (what, why string) {
	rule := s.rules.Hold
	switch {
	case !there:
		what = "it is to be removed"
	case to.Rack != k.Rack:
		what = "it is to move to rack " + to.Rack
	case to.MAC != k.MAC:
		what, rule = "its MAC address is to change", s.rules.Busy
	case to.Power != k.Power:
		what, rule = "its switch is to change", s.rules.Busy
	case to.Hardware != k.Hardware:
		what, rule = "its hardware type is to change", s.rules.Busy
	default:
		return "", ""
	}
	if rule == nil {
		return "", ""
	}
	return what, rule(k)
}

// yield takes back records that collide with boards that stay as they were,
// until none does: each round keeps at least one known board more, or drops a
// new one.
func (s *settler) yield() {
	for len(s.kept) > 0 {
		all := make([]inventory.Spec, 0, len(s.good)+len(s.kept))
		for _, b := range s.good {
			all = append(all, b)
		}
		for _, b := range s.kept {
			all = append(all, b)
		}
		c, before := s.collisions(all), len(s.good)
		for id, b := range s.good {
			why := c.of(b)
			if why == "" {
				continue
			}
			s.skip(b, why)
			delete(s.good, id)
			if k, ok := s.known[id]; ok {
				s.kept[id] = k
			}
		}
		if len(s.good) == before {
			return
		}
	}
}
