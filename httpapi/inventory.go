package httpapi

import (
	"context"
	"fmt"

	"github.com/valyala/fasthttp"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/keeper"
	"mozpool/actors/inventory/plan"
	v1 "mozpool/httpapi/v1"
)

// Inventory is what keeps the list of boards. *keeper.Keeper is one.
type Inventory interface {
	Status() keeper.Status
	Ask(ctx context.Context) error
	Approve(ctx context.Context, id, by string) (keeper.Entry, error)
	History(ctx context.Context) ([]keeper.Entry, error)
}

const inventoryPath = v1.Prefix + "/inventory"

// inventoryRoutes are the routes of this file.
func (s *Server) inventoryRoutes() []route {
	return []route{
		{"GET", inventoryPath, nil, s.inventory},
		{"POST", inventoryPath + "/sync", nil, s.inventorySync},
		{"GET", inventoryPath + "/plan", nil, s.inventoryPlan},
		{"POST", inventoryPath + "/plans/{name}/apply", nil, s.inventoryApply},
		{"GET", inventoryPath + "/history", nil, s.inventoryHistory},
		{"GET", inventoryPath + "/boards/{name}", nil, s.inventoryBoard},
	}
}

// inventoryOrNot is the inventory, for what makes no sense without one.
func (s *Server) inventoryOrNot() (Inventory, error) {
	if s.cfg.Inventory == nil {
		return nil, &apiError{v1.KindRefused, "no source of boards is configured: they come from the boards file", "change that, then: mozpool reload; or name sources under inventory"}
	}
	return s.cfg.Inventory, nil
}

func (s *Server) inventory(r *request) error {
	return s.ok(r, s.inventoryNow())
}

func (s *Server) inventoryNow() v1.Inventory {
	out := v1.Inventory{Sources: []v1.InventorySource{}, Skipped: []v1.InventorySkip{}, Held: []v1.InventorySkip{}}
	if s.cfg.Inventory == nil {
		out.Boards = len(s.cfg.Fleet.Views())
		return out
	}
	i := s.cfg.Inventory.Status()
	out.Boards, out.LastGood, out.Next, out.Every = i.Boards, timeOrNil(i.LastGood), timeOrNil(i.Next), i.Every.String()
	out.Running, out.Server = i.Running, i.Server
	for _, f := range i.Sources {
		out.Sources = append(out.Sources, v1.InventorySource{Name: f.Name, Where: f.Where, At: timeOrNil(f.At), Good: timeOrNil(f.Good), Records: f.Records, Error: f.Error})
	}
	if p := i.Pending; p != nil {
		out.Pending, out.Changes, out.Why = p.ID, p.Size(), p.Why
	}
	out.Skipped, out.Held = skipsOf(i.Skips), skipsOf(i.Held)
	return out
}

func skipsOf(skips []plan.Skip) []v1.InventorySkip {
	out := []v1.InventorySkip{}
	for _, s := range skips {
		out = append(out, v1.InventorySkip(s))
	}
	return out
}

func inventoryBoardOf(s inventory.Spec) v1.InventoryBoard {
	b := v1.InventoryBoard{ID: s.ID, Name: s.Name, MAC: string(s.MAC), Rack: s.Rack, Hardware: s.Hardware, Power: s.Power, Place: s.Place, Labels: s.Labels, Source: s.Source}
	if s.Address.IsValid() {
		b.Address = s.Address.String()
	}
	if b.Labels == nil {
		b.Labels = map[string]string{}
	}
	return b
}

func inventoryBoardsOf(specs []inventory.Spec) []v1.InventoryBoard {
	out := []v1.InventoryBoard{}
	for _, s := range specs {
		out = append(out, inventoryBoardOf(s))
	}
	return out
}

// inventorySync has the sources asked now. One that takes longer than an answer may is followed: 202, and how it is so far.
func (s *Server) inventorySync(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	i, err := s.inventoryOrNot()
	if err != nil {
		return err
	}
	err = i.Ask(r.ctx)
	now := s.inventoryNow()
	switch {
	case err == nil:
		return s.ok(r, now)
	case now.Running:
		s.write(r.raw, fasthttp.StatusAccepted, "application/json", now)
		return nil
	}
	return err
}

func (s *Server) inventoryPlan(r *request) error {
	out := v1.InventoryPlan{Add: []v1.InventoryBoard{}, Change: []v1.InventoryChange{}, Remove: []v1.InventoryBoard{}, Later: []v1.InventorySkip{}}
	if s.cfg.Inventory == nil {
		return s.ok(r, out)
	}
	if p := s.cfg.Inventory.Status().Pending; p != nil {
		out.ID, out.At, out.Why, out.Add, out.Remove = p.ID, timeOrNil(p.At), p.Why, inventoryBoardsOf(p.Add), inventoryBoardsOf(p.Remove)
		out.Later = skipsOf(p.Later)
		for _, c := range p.Change {
			out.Change = append(out.Change, v1.InventoryChange{From: inventoryBoardOf(c.From), To: inventoryBoardOf(c.To)})
		}
	}
	return s.ok(r, out)
}

// inventoryApply approves the plan that waits, if it is the one that the path names.
func (s *Server) inventoryApply(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	i, err := s.inventoryOrNot()
	if err != nil {
		return err
	}
	e, err := i.Approve(r.ctx, r.name, r.who)
	if err != nil {
		return err
	}
	return s.ok(r, v1.InventoryEntry(e))
}

func (s *Server) inventoryHistory(r *request) error {
	out := v1.InventoryHistory{Entries: []v1.InventoryEntry{}}
	if s.cfg.Inventory == nil {
		return s.ok(r, out)
	}
	all, err := s.cfg.Inventory.History(r.ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		out.Entries = append(out.Entries, v1.InventoryEntry(e))
	}
	return s.ok(r, out)
}

// inventoryBoard shows what a board's source says of it, by name.
func (s *Server) inventoryBoard(r *request) error {
	if v := s.cfg.Fleet.ByName(r.name); v != nil {
		return s.ok(r, inventoryBoardOf(v.Spec))
	}
	return &apiError{v1.KindNotFound, fmt.Sprintf("the inventory has no board %q", r.name), "look at the records that were skipped: mozpool inventory status"}
}
