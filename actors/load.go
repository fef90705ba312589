package actors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/persistence"
)

// Load takes up every board of specs where the journal left it, and boards that the journal does not know as new.
// Boards that the journal knows and specs do not stay in the journal, unseen. It returns once all limits are armed
// and all boards are published.
func (f *Fleet) Load(ctx context.Context, specs []inventory.Spec) error {
	cells, err := f.cells(ctx, specs)
	if err != nil {
		return err
	}
	f.roster.rebuild(cells)
	f.claim(cells)
	f.beat.born = time.Now()
	f.beat.without = make(map[string]*atomic.Int64, len(f.cfg.Racks))
	for rack := range f.cfg.Racks {
		f.beat.without[rack] = new(atomic.Int64)
	}
	f.aside.Go(f.beats)
	for _, c := range cells {
		f.start(c)
	}
	f.tendRelays()
	return nil
}

// cells makes the cells of all specs, and reads the incidents and what is known of cards.
func (f *Fleet) cells(ctx context.Context, specs []inventory.Spec) ([]*cell, error) {
	if err := errors.Join(f.loadIncidents(ctx), f.loadCards(ctx)); err != nil {
		return nil, err
	}
	stored := make(map[string]persistence.Stored, len(specs))
	for s, err := range f.cfg.Journal.Load(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("load boards from the journal: %w", err)
		}
		stored[s.Board] = s
	}
	cells := make([]*cell, 0, len(specs))
	var problems []error
	for _, spec := range specs {
		c, err := f.takeUp(spec, stored[spec.ID])
		if err != nil {
			problems = append(problems, fmt.Errorf("board %s: %w", spec.Name, err))
			continue
		}
		cells = append(cells, c)
	}
	return cells, errors.Join(problems...)
}

// claim holds places of the power budget for boards that already are between power-on and live environment, before the
// first actor wakes: those that wait must not be given them.
func (f *Fleet) claim(cells []*cell) {
	for _, c := range cells {
		if v := c.view.Load(); holdsPlace(&v.Board) {
			f.rack(v.Spec.Rack).places.settle(c.id, true, false, 0)
		}
	}
}

// takeUp makes a board's cell from what is stored of it.
func (f *Fleet) takeUp(spec inventory.Spec, s persistence.Stored) (*cell, error) {
	now := f.cfg.Clock()
	v := &View{Spec: spec, Board: board.NewBoard(now), Seq: s.Seq, At: now}
	if s.Seq > 0 {
		b, err := decodeBoard(s.Record)
		if err != nil {
			return nil, err
		}
		v.Board = b
	}
	v.Inputs = f.opened(spec.Name, v.Board.Attempt, s.Inputs)
	c := &cell{id: spec.ID}
	v.exchange(spec)
	f.remindOf(v)
	v.Address = addressOf(v)
	f.roster.publish(c, v)
	return c, nil
}

// addressOf is where a board is: the inventory's word, else where its loader asked from last.
func addressOf(v *View) netip.Addr {
	if v.Spec.Address.IsValid() {
		return v.Spec.Address
	}
	a, _ := netip.ParseAddr(v.Board.Address) // invalid stays invalid: not known
	return a.Unmap()
}

// start brings a board's actor to life. One that panics is started again from what was published last, which is what
// the journal has.
func (f *Fleet) start(c *cell) {
	c.pid.Store(f.root.Spawn(c.box.props(func() actor.Actor { return newBoardActor(f, c) })))
}

// Apply makes the roster equal to specs: new boards are taken up, changed ones are told, those that are gone are
// stopped. A board's record stays in the journal.
func (f *Fleet) Apply(ctx context.Context, specs []inventory.Spec) error {
	old := f.roster.maps.Load().byID
	stored := make(map[string]persistence.Stored)
	if slices.ContainsFunc(specs, func(s inventory.Spec) bool { return old[s.ID] == nil }) {
		for s, err := range f.cfg.Journal.Load(ctx, "") {
			if err != nil {
				return fmt.Errorf("load boards from the journal: %w", err)
			}
			stored[s.Board] = s
		}
	}
	keep := make(map[string]*cell, len(specs))
	var fresh []*cell
	for _, spec := range specs {
		c := old[spec.ID]
		if c == nil {
			var err error
			if c, err = f.takeUp(spec, stored[spec.ID]); err != nil {
				return fmt.Errorf("board %s: %w", spec.Name, err)
			}
			fresh = append(fresh, c)
		} else if v := c.view.Load(); !v.listed().Equal(spec) {
			f.respec(c, spec)
		}
		keep[spec.ID] = c
	}
	for id, c := range old {
		if keep[id] == nil {
			f.root.Stop(c.pid.Load())
			f.roster.remove(c)
		}
	}
	f.roster.rebuild(slices.Collect(maps.Values(keep)))
	for _, c := range fresh {
		f.start(c)
	}
	f.tendRelays()
	return nil
}

// respec publishes a changed spec at once, so that look-ups by name and MAC find it, and tells the actor.
func (f *Fleet) respec(c *cell, spec inventory.Spec) {
	for {
		v := c.view.Load()
		w := *v
		w.exchange(spec)
		w.Address = addressOf(&w)
		if c.view.CompareAndSwap(v, &w) {
			f.roster.moved(c, v.Address, w.Address)
			break
		}
	}
	f.root.Send(c.pid.Load(), &specChanged{spec})
}
