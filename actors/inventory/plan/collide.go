package plan

import (
	"fmt"
	"slices"
	"strings"

	"mozpool/actors/inventory"
)

// thing is what may be one board's only.
type thing struct{ what, value string }

// collisions are who claims what, in one list of boards.
type collisions struct {
	rules  Rules
	owners map[thing][]string        // names of boards
	racks  map[string]map[string]int // relay board → rack → boards there
}

func (s *settler) collisions(boards []inventory.Spec) collisions {
	c := collisions{s.rules, make(map[thing][]string, 5*len(boards)), make(map[string]map[string]int)}
	for _, b := range boards {
		for _, t := range c.things(b) {
			c.owners[t] = append(c.owners[t], called(b))
		}
		if device, _ := c.outlet(b); device != "" {
			if c.racks[device] == nil {
				c.racks[device] = make(map[string]int)
			}
			c.racks[device][b.Rack]++
		}
	}
	return c
}

// called names a board and where it stands.
func called(b inventory.Spec) string { return fmt.Sprintf("%s (id %s, of %s)", b.Name, b.ID, b.Source) }

func (c collisions) outlet(b inventory.Spec) (device, name string) {
	if b.Power == "" || c.rules.Outlet == nil {
		return "", ""
	}
	return c.rules.Outlet(b.Power)
}

// things are what b claims for itself.
func (c collisions) things(b inventory.Spec) []thing {
	all := []thing{{"id", b.ID}, {"name", strings.ToLower(b.Name)}, {"MAC", string(b.MAC)}}
	if b.Address.IsValid() {
		all = append(all, thing{"address", b.Address.Unmap().String()})
	}
	if device, name := c.outlet(b); device != "" {
		all = append(all, thing{"outlet", strings.TrimSuffix(device+" "+name, " ")})
	}
	return all
}

// of says what b shares with others, and may not; empty: nothing.
func (c collisions) of(b inventory.Spec) string {
	for _, t := range c.things(b) {
		if owners := c.owners[t]; len(owners) > 1 {
			sorted := slices.Sorted(slices.Values(owners))
			return fmt.Sprintf("%s %s belongs to %s; only one of them can be right", t.what, t.value, strings.Join(sorted, " and "))
		}
	}
	device, _ := c.outlet(b)
	if len(c.racks[device]) < 2 {
		return ""
	}
	racks := make([]string, 0, len(c.racks[device]))
	for r := range c.racks[device] {
		racks = append(racks, r)
	}
	slices.Sort(racks)
	return fmt.Sprintf("relay board %s has boards of racks %s; it can be in one only", device, strings.Join(racks, " and "))
}
