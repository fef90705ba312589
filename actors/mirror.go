package actors

import (
	"context"

	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// Mirror takes boards up as Load does, and wakes no actor: for the racks that another server acts on. What is shown is
// what the journal has; Follow keeps it so. Boards of a mirror cannot be asked for anything.
func (f *Fleet) Mirror(ctx context.Context, specs []inventory.Spec) error {
	cells, err := f.cells(ctx, specs)
	if err != nil {
		return err
	}
	f.roster.rebuild(cells)
	return nil
}

// Follow shows a change that the journal carried out, and tells of it as the board's actor would. Changes come in the
// order of the journal, from one goroutine; one that is known already, or of a board that is not shown, is passed over.
func (f *Fleet) Follow(c persistence.Change) {
	at := f.roster.id(c.Board)
	if at == nil {
		return
	}
	old := at.view.Load()
	if c.PrevSeq < old.Seq {
		return
	}
	b, err := decodeBoard(c.Record)
	if err != nil {
		f.log.Error("a change of another server cannot be read", "board", old.Spec.Name, "error", err)
		return
	}
	v := &View{Spec: old.Spec, Board: b, Seq: c.PrevSeq + 1, Inputs: old.Inputs, At: f.now()}
	if c.Inputs != nil {
		v.Inputs = f.opened(old.Spec.Name, b.Attempt, c.Inputs)
	}
	v.exchange(old.listed())
	v.Address = addressOf(v)
	f.roster.publish(at, v)
	if v.Spec.MAC != old.Spec.MAC {
		f.roster.reindex()
	}
	if f.cfg.Told == nil || len(c.Event) == 0 {
		return
	}
	if e, err := decodeEvent(c.Event); err == nil {
		f.cfg.Told(old.Spec.Name, old.Spec.Rack, e)
	}
}

// ReadIncidents has a mirror show the incidents that the journal has now.
func (f *Fleet) ReadIncidents(ctx context.Context) error { return f.loadIncidents(ctx) }

// opened reads what an attempt pinned; nil: nothing, or nothing that can be read.
func (f *Fleet) opened(name string, attempt uint32, raw []byte) *Inputs {
	if len(raw) == 0 {
		return nil
	}
	inputs, err := f.cfg.Planner.Open(raw)
	if err != nil {
		// One board's attempt is lost to its limits; the rack must not stand still for it.
		f.log.Error("what an attempt pinned cannot be read", "board", name, "attempt", attempt, "error", err)
	}
	return inputs
}
