package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// Inventory is "mozpool inventory".
type Inventory struct {
	Format
	Status  InventoryStatus  `cmd:"" help:"Show where boards come from, how each source fared, and what was skipped."`
	Sync    InventorySync    `cmd:"" help:"Ask the sources now."`
	Plan    InventoryPlan    `cmd:"" help:"Show the plan that waits for approval, as a diff."`
	Apply   InventoryApply   `cmd:"" help:"Approve the plan that waits."`
	History InventoryHistory `cmd:"" help:"List the plans that were applied."`
	Show    InventoryShow    `cmd:"" help:"Show what a board's source says of it."`
}

// InventoryStatus is "mozpool inventory status".
type InventoryStatus struct{}

// Run shows it.
func (*InventoryStatus) Run(c *Context) error {
	i, err := c.Client.Inventory(c.Context)
	if err != nil {
		return coded(err)
	}
	return c.showInventory(i)
}

// InventorySync is "mozpool inventory sync".
type InventorySync struct{}

// Run has the sources asked, and shows what came of it.
func (*InventorySync) Run(c *Context) error {
	i, err := c.Client.SyncInventory(c.Context)
	if err != nil {
		return coded(err)
	}
	return c.showInventory(i)
}

func (c *Context) showInventory(i v1.Inventory) error {
	return coded(c.show(i, sourceNames(i), func() *table {
		t := &table{head: []string{"BOARDS", fmt.Sprint(i.Boards)}}
		if len(i.Sources) == 0 {
			t.add(plain("source"), plain("the boards file; read at start and by mozpool reload"))
			return t
		}
		for _, s := range i.Sources {
			t.add(plain("source "+s.Name), c.sourceCell(s))
		}
		if i.Server != "" {
			t.add(plain("synced by"), plain(i.Server))
		}
		good := "never"
		if i.LastGood != nil {
			good = c.when(*i.LastGood)
		}
		t.add(plain("all answered"), plain(good))
		if i.Running {
			t.add(plain("sync"), plain("on its way"))
		}
		if i.Pending != "" {
			t.add(plain("waits"), cell{fmt.Sprintf("plan %s, %d boards: %s; see mozpool inventory plan", i.Pending, i.Changes, i.Why), yellow})
		}
		for _, s := range i.Skipped {
			t.add(plain("skipped"), plain(cmp.Or(s.Name, s.ID, "a record of "+s.Source)+": "+s.Reason))
		}
		for _, s := range i.Held {
			t.add(plain("held"), plain(s.Name+": "+s.Reason))
		}
		return t
	}))
}

func sourceNames(i v1.Inventory) (names []string) {
	for _, s := range i.Sources {
		names = append(names, s.Name)
	}
	return names
}

func (c *Context) sourceCell(s v1.InventorySource) cell {
	switch {
	case s.Error != "":
		return cell{s.Error, red}
	case s.Good == nil:
		return plain(s.Where + ", not asked yet")
	}
	return plain(fmt.Sprintf("%s, %d records, %s", s.Where, s.Records, c.when(*s.Good)))
}

// InventoryPlan is "mozpool inventory plan".
type InventoryPlan struct{}

// Run shows the plan: + is added, - removed, ~ changed; later is what has to wait for a rest.
func (*InventoryPlan) Run(c *Context) error {
	p, err := c.Client.InventoryPlan(c.Context)
	if err != nil {
		return coded(err)
	}
	if c.Output == "table" || c.Output == "wide" {
		return coded(c.diff(p))
	}
	return coded(c.show(p, []string{p.ID}, nil))
}

func (c *Context) diff(p v1.InventoryPlan) error {
	if p.ID == "" {
		_, err := fmt.Fprintln(c.Out, "no plan waits for approval")
		return err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "plan %s: %s\n", p.ID, p.Why)
	for _, b := range p.Remove {
		fmt.Fprintf(&out, "- %s\n", visible(brief(b)))
	}
	for _, b := range p.Add {
		fmt.Fprintf(&out, "+ %s\n", visible(brief(b)))
	}
	for _, ch := range p.Change {
		fmt.Fprintf(&out, "~ %s\n", visible(ch.From.Name))
		to := fieldsOf(ch.To)
		for i, f := range fieldsOf(ch.From) {
			if f != to[i] {
				fmt.Fprintf(&out, "    %s: %s → %s\n", f.name, visible(cmp.Or(f.value, "-")), visible(cmp.Or(to[i].value, "-")))
			}
		}
	}
	for _, l := range p.Later {
		fmt.Fprintf(&out, "later %s\n", visible(l.Name+": "+l.Reason))
	}
	fmt.Fprintf(&out, "approve it with: mozpool inventory apply %s\n", p.ID)
	_, err := fmt.Fprint(c.Out, out.String())
	return err
}

func brief(b v1.InventoryBoard) string {
	return strings.Join([]string{b.Name, b.Rack, b.Hardware, b.MAC, cmp.Or(b.Power, "manual")}, "  ")
}

// field is one line of a board.
type field struct{ name, value string }

func fieldsOf(b v1.InventoryBoard) []field {
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(b.Labels)) {
		labels = append(labels, k+"="+b.Labels[k])
	}
	return []field{{"name", b.Name}, {"id", b.ID}, {"mac", b.MAC}, {"rack", b.Rack}, {"hardware", b.Hardware}, {"power", b.Power},
		{"address", b.Address}, {"place", b.Place}, {"labels", strings.Join(labels, ",")}, {"source", b.Source}}
}

// InventoryApply is "mozpool inventory apply".
type InventoryApply struct {
	Plan string `arg:"" help:"As inventory plan shows it."`
}

// Run approves it.
func (i *InventoryApply) Run(c *Context) error {
	e, err := c.Client.ApplyInventory(c.Context, i.Plan)
	return c.listEntries([]v1.InventoryEntry{e}, err)
}

// InventoryHistory is "mozpool inventory history".
type InventoryHistory struct{}

// Run lists it.
func (*InventoryHistory) Run(c *Context) error {
	all, err := c.Client.InventoryHistory(c.Context)
	return c.listEntries(all, err)
}

func (c *Context) listEntries(all []v1.InventoryEntry, err error) error {
	return list(c, all, err, []string{"PLAN", "AT", "BY", "ADDED", "CHANGED", "REMOVED"},
		func(e v1.InventoryEntry) string { return e.Plan },
		func(e v1.InventoryEntry) []cell {
			return []cell{plain(e.Plan), plain(c.when(e.At)), plain(e.By), plain(few(e.Added)), plain(few(e.Changed)), plain(few(e.Removed))}
		})
}

// few names some boards, and how many more there are.
func few(names []string) string {
	const shown = 4
	if len(names) <= shown {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], " "), len(names)-shown)
}

// InventoryShow is "mozpool inventory show".
type InventoryShow struct {
	Name string `arg:"" help:"The board."`
}

// Run shows it.
func (i *InventoryShow) Run(c *Context) error {
	b, err := c.Client.InventoryBoard(c.Context, i.Name)
	if err != nil {
		return coded(err)
	}
	return coded(c.show(b, []string{b.Name}, func() *table {
		t := &table{head: []string{"NAME", b.Name}}
		for _, f := range fieldsOf(b)[1:] {
			t.add(plain(f.name), plain(f.value))
		}
		return t
	}))
}
