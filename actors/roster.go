package actors

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// cell is a board's place in the roster: where its actor publishes, and where messages for it go.
type cell struct {
	id   string
	pid  atomic.Pointer[actor.PID] // nil until the actor has started
	view atomic.Pointer[View]
	box  mailbox
}

// roster are the boards of this server. Its maps are replaced whole when boards come and go, so that readers take no
// lock; tokens and addresses change with each boot and have maps of their own.
type roster struct {
	maps    atomic.Pointer[rosterMaps]
	making  sync.Mutex
	tokens  sync.Map // board.Token → *cell
	address sync.Map // netip.Addr → *cell
}

type rosterMaps struct {
	byID   map[string]*cell
	byName map[string]*cell
	byMAC  map[inventory.MAC]*cell
	sorted []*cell // by name
}

func newRoster() *roster {
	r := &roster{}
	r.maps.Store(&rosterMaps{})
	return r
}

// reindex makes the boards findable by what they are called now.
func (r *roster) reindex() {
	r.making.Lock()
	defer r.making.Unlock()
	r.fill(slices.Clone(r.maps.Load().sorted))
}

// rebuild replaces the maps by those of cells.
func (r *roster) rebuild(cells []*cell) {
	r.making.Lock()
	defer r.making.Unlock()
	r.fill(cells)
}

// fill is called with making held, and sorts cells.
func (r *roster) fill(cells []*cell) {
	m := &rosterMaps{byID: make(map[string]*cell, len(cells)), byName: make(map[string]*cell, len(cells)),
		byMAC: make(map[inventory.MAC]*cell, len(cells)), sorted: cells}
	slices.SortFunc(cells, func(a, b *cell) int { return strings.Compare(a.view.Load().Spec.Name, b.view.Load().Spec.Name) })
	for _, c := range cells {
		v := c.view.Load()
		m.byID[c.id], m.byName[v.Spec.Name] = c, c
		if m.byMAC[v.Spec.MAC] == nil || v.Listed == nil { // what the inventory says itself comes first
			m.byMAC[v.Spec.MAC] = c
		}
	}
	r.maps.Store(m)
}

func (r *roster) id(id string) *cell { return r.maps.Load().byID[id] }

// publish makes v what readers see, and its tokens and address findable. The tokens of a boot stay findable after it,
// since the record keeps them to tell late speakers that their boot is over.
func (r *roster) publish(c *cell, v *View) {
	old := c.view.Swap(v)
	if t := v.Board.Token; !t.IsZero() {
		r.tokens.Store(t, c)
	}
	if old == nil {
		for _, t := range v.Board.Past {
			r.tokens.Store(t, c)
		}
	} else {
		r.forget(old, v)
	}
	was := v.Address
	if old != nil {
		was = old.Address
	}
	r.moved(c, was, v.Address)
}

// moved makes a board findable by its address, and no longer by the one that it had before.
func (r *roster) moved(c *cell, old, now netip.Addr) {
	if old != now {
		r.address.CompareAndDelete(old, c)
	}
	if now.IsValid() {
		r.address.Store(now, c)
	}
}

// forget drops the tokens that the record no longer keeps.
func (r *roster) forget(old, v *View) {
	if len(old.Board.Past) == 0 || len(v.Board.Past) > 0 && old.Board.Past[0] == v.Board.Past[0] {
		return
	}
	for _, t := range old.Board.Past {
		if t != v.Board.Token && !v.Board.IsPast(t) {
			r.tokens.Delete(t)
		}
	}
}

// remove makes a retired board unfindable.
func (r *roster) remove(c *cell) {
	v := c.view.Load()
	for _, t := range append([]board.Token{v.Board.Token}, v.Board.Past...) {
		r.tokens.CompareAndDelete(t, c)
	}
	r.address.CompareAndDelete(v.Address, c)
}

func lookup(c *cell) *View {
	if c == nil {
		return nil
	}
	return c.view.Load()
}

// ByName finds a board; nil: none. All look-ups of Fleet are free of locks, and what they return is immutable.
func (f *Fleet) ByName(name string) *View { return f.queued(lookup(f.roster.maps.Load().byName[name])) }

// ByID finds a board by the id that the inventory gave it; nil: none.
func (f *Fleet) ByID(id string) *View { return lookup(f.roster.id(id)) }

// ByMAC finds a board by the MAC address that it boots from; nil: none.
func (f *Fleet) ByMAC(mac inventory.MAC) *View { return lookup(f.roster.maps.Load().byMAC[mac]) }

// ByToken finds a board by the token of a boot that is alive or over; nil: no boot that is remembered had it.
func (f *Fleet) ByToken(t board.Token) *View {
	c, ok := f.roster.tokens.Load(t)
	if !ok || t.IsZero() {
		return nil
	}
	return lookup(c.(*cell))
}

// ByAddress finds a board by the inventory's address or the one that its loader asked from last; nil: none.
func (f *Fleet) ByAddress(a netip.Addr) *View {
	c, ok := f.roster.address.Load(a.Unmap())
	if !ok {
		return nil
	}
	return lookup(c.(*cell))
}

// Views are all boards, sorted by name.
func (f *Fleet) Views() []*View {
	cells := f.roster.maps.Load().sorted
	views := make([]*View, len(cells))
	for i, c := range cells {
		views[i] = f.queued(c.view.Load())
	}
	return views
}

// queued adds the place in the queue for power, which changes without the board's doing.
func (f *Fleet) queued(v *View) *View {
	if v == nil || v.Board.State != board.Waiting || v.Board.WaitingFor != board.ForPowerBudget {
		return v
	}
	w := *v
	w.Queue = f.rack(v.Spec.Rack).places.position(v.Spec.ID)
	return &w
}
