// Package apitest is a fleet and a log made of functions, for tests of whoever talks to API v1. It refuses to have a
// life of its own: boards are as the test says, and every wish and order is handed to the test's function.
package apitest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"mozpool/actors"
	"mozpool/persistence"
)

// Fleet implements httpapi.Fleet. Functions that are nil answer with what is kept here, or with nothing.
type Fleet struct {
	OnWish   func(name string, r actors.Request) (actors.Answer, error)
	OnDo     func(name string, o actors.Order) (actors.Answer, error)
	OnWhy    func(name string) (actors.Why, error)
	Ended    []actors.Attempt
	Past     []actors.Event
	Told     map[uint32][]actors.Moment // details by attempt
	Silent   []string                   // servers that give none of theirs
	Unknown  []actors.Stranger
	Switches []actors.RelayView
	Troubles []actors.Incident
	Mended   []actors.Repair
	Broken   []actors.ToRepair
	OnRelay  func(power string, do actors.RelayDo) (bool, error)
	OnWiring func(ctx context.Context, rack string, relays []string, each func(actors.WiringStep)) error

	mu    sync.Mutex
	views map[string]*actors.View
}

// Put adds a board, or replaces it.
func (f *Fleet) Put(v actors.View) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.views == nil {
		f.views = make(map[string]*actors.View)
	}
	f.views[v.Spec.Name] = &v
}

// Views implements httpapi.Fleet.
func (f *Fleet) Views() []*actors.View {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*actors.View, 0, len(f.views))
	for _, v := range f.views {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *actors.View) int { return strings.Compare(a.Spec.Name, b.Spec.Name) })
	return all
}

// ByName implements httpapi.Fleet.
func (f *Fleet) ByName(name string) *actors.View {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.views[name]
}

func (f *Fleet) find(name string) error {
	if f.ByName(name) == nil {
		return &actors.Problem{Kind: actors.NotFound, Text: "there is no board " + name, Remedy: "see the list of boards"}
	}
	return nil
}

// answer is what a board says to anything: that it is as it is.
func (f *Fleet) answer(name string) (actors.Answer, error) {
	if err := f.find(name); err != nil {
		return actors.Answer{}, err
	}
	b := f.ByName(name).Board
	return actors.Answer{Board: name, Attempt: b.Attempt, State: b.State, Visit: b.Visit}, nil
}

// Wish implements httpapi.Fleet.
func (f *Fleet) Wish(_ context.Context, name string, r actors.Request) (actors.Answer, error) {
	if f.OnWish != nil {
		return f.OnWish(name, r)
	}
	return f.answer(name)
}

// Do implements httpapi.Fleet.
func (f *Fleet) Do(_ context.Context, name string, o actors.Order) (actors.Answer, error) {
	if f.OnDo != nil {
		return f.OnDo(name, o)
	}
	return f.answer(name)
}

// ForeseeWish implements httpapi.Fleet: a board that is busy would refuse.
func (f *Fleet) ForeseeWish(_ context.Context, name string, _ actors.Request) (actors.Answer, error) {
	return f.foresee(name)
}

// ForeseeOrder implements httpapi.Fleet.
func (f *Fleet) ForeseeOrder(name string, _ actors.Order) (actors.Answer, error) {
	return f.foresee(name)
}

func (f *Fleet) foresee(name string) (actors.Answer, error) {
	a, err := f.answer(name)
	if err == nil && !a.State.Rest() {
		return actors.Answer{}, &actors.Problem{Kind: actors.Refused, Text: name + " is busy", Remedy: "wait"}
	}
	return a, err
}

// Why implements httpapi.Fleet.
func (f *Fleet) Why(name string) (actors.Why, error) {
	if err := f.find(name); err != nil {
		return actors.Why{}, err
	}
	if f.OnWhy == nil {
		return actors.Why{Board: name, State: f.ByName(name).Board.State}, nil
	}
	return f.OnWhy(name)
}

// Attempts implements httpapi.Fleet.
func (f *Fleet) Attempts(_ context.Context, name string, limit int) ([]actors.Attempt, error) {
	if err := f.find(name); err != nil {
		return nil, err
	}
	return f.Ended[:min(limit, len(f.Ended))], nil
}

// History implements httpapi.Fleet.
func (f *Fleet) History(_ context.Context, name string, limit int) ([]actors.Event, error) {
	if n := len(f.Past) - limit; limit > 0 && n > 0 {
		return f.Past[n:], f.find(name)
	}
	return f.Past, f.find(name)
}

// Moments implements httpapi.Fleet.
func (f *Fleet) Moments(_ context.Context, name string, attempt uint32) ([]actors.Moment, error) {
	return f.Told[attempt], f.find(name)
}

// Details implements httpapi.Fleet.
func (f *Fleet) Details(_ context.Context, of []actors.AttemptOf) (all []actors.Details, err error) {
	for _, o := range of {
		if moments := f.Told[o.Attempt]; len(moments) > 0 {
			all = append(all, actors.Details{AttemptOf: o, Moments: moments})
		}
	}
	return all, nil
}

// MomentsOfAll implements httpapi.SpreadFleet.
func (f *Fleet) MomentsOfAll(ctx context.Context, name string, attempt uint32) ([]actors.Moment, []string, error) {
	all, err := f.Moments(ctx, name, attempt)
	return all, f.Silent, err
}

// DetailsOfAll implements httpapi.SpreadFleet.
func (f *Fleet) DetailsOfAll(ctx context.Context, of []actors.AttemptOf) ([]actors.Details, []string, error) {
	all, err := f.Details(ctx, of)
	return all, f.Silent, err
}

// Strangers implements httpapi.Fleet.
func (f *Fleet) Strangers() []actors.Stranger { return f.Unknown }

// Relays implements httpapi.Fleet.
func (f *Fleet) Relays() []actors.RelayView { return f.Switches }

// Relay implements httpapi.Fleet: the relay does as it is told.
func (f *Fleet) Relay(_ context.Context, power string, do actors.RelayDo, _ string, _ bool) (bool, error) {
	if f.OnRelay != nil {
		return f.OnRelay(power, do)
	}
	return do != actors.RelayOff, nil
}

// Repaired implements httpapi.Fleet.
func (f *Fleet) Repaired(ctx context.Context, name string, o actors.RepairOrder) (actors.Answer, error) {
	return f.Wish(ctx, name, actors.Request{Image: o.Image, By: o.By})
}

// Repairs implements httpapi.Fleet.
func (f *Fleet) Repairs(_ context.Context, name string) ([]actors.Repair, error) {
	return f.Mended, f.find(name)
}

// ClearImage implements httpapi.Fleet.
func (f *Fleet) ClearImage(image, by string) ([]actors.Incident, error) {
	if image == "v2" || image == "b1" {
		return []actors.Incident{{ID: "i2", Kind: actors.IncidentImage, Subject: image, Closed: Now, ClosedBy: by}}, nil
	}
	return nil, &actors.Problem{Kind: actors.NotFound, Text: "image " + image + " is not suspect", Remedy: "see the list of incidents"}
}

// RepairList implements httpapi.Fleet.
func (f *Fleet) RepairList() []actors.ToRepair { return f.Broken }

// Budget implements httpapi.Fleet.
func (f *Fleet) Budget(string) (places, held, queued int) { return 12, 1, 0 }

// TestRelay implements httpapi.Fleet.
func (f *Fleet) TestRelay(_ context.Context, name string) error {
	for _, r := range f.Switches {
		if r.Name == name {
			return nil
		}
	}
	return &actors.Problem{Kind: actors.NotFound, Text: "no board hangs on " + name, Remedy: "see the list of relay boards"}
}

// Incidents implements httpapi.Fleet.
func (f *Fleet) Incidents() []actors.Incident { return f.Troubles }

// CloseIncident implements httpapi.Fleet.
func (f *Fleet) CloseIncident(id, by string) (actors.Incident, error) {
	for _, i := range f.Troubles {
		if i.ID == id {
			i.Closed, i.ClosedBy = Now, by
			return i, nil
		}
	}
	return actors.Incident{}, &actors.Problem{Kind: actors.NotFound, Text: "there is no incident " + id, Remedy: "see the list of incidents"}
}

// CheckWiring implements httpapi.Fleet.
func (f *Fleet) CheckWiring(ctx context.Context, rack string, relays []string, _ string, each func(actors.WiringStep)) error {
	if f.OnWiring == nil {
		return &actors.Problem{Kind: actors.NotFound, Text: "rack " + rack + " has no relays", Remedy: "see the list of racks"}
	}
	return f.OnWiring(ctx, rack, relays, each)
}

// Logs implements httpapi.Logs.
type Logs struct {
	Lines    []persistence.Line    // what is there
	New      chan persistence.Line // what comes; closing it ends all followers
	OnQuery  func(persistence.Filter)
	Missing  []string      // servers that give none of theirs
	Followed chan struct{} // told once for each follower that has ended; nil: nobody is
}

// Query implements httpapi.Logs: the lines of the board, whatever else the filter says.
func (l *Logs) Query(_ context.Context, f persistence.Filter) ([]persistence.Line, error) {
	if l.OnQuery != nil {
		l.OnQuery(f)
	}
	var fit []persistence.Line
	for _, line := range l.Lines {
		if line.Board == f.Board {
			fit = append(fit, line)
		}
	}
	return fit, nil
}

// QueryAll implements httpapi.SpreadLogs.
func (l *Logs) QueryAll(ctx context.Context, f persistence.Filter) ([]persistence.Line, []string, error) {
	lines, err := l.Query(ctx, f)
	return lines, l.Missing, err
}

// Elsewhere implements httpapi.SpreadLogs.
func (l *Logs) Elsewhere() []string { return l.Missing }

// Export implements httpapi.Logs.
func (l *Logs) Export(ctx context.Context, f persistence.Filter, fn func(persistence.Line) bool) error {
	lines, err := l.Query(ctx, f)
	for _, line := range lines {
		if !fn(line) {
			break
		}
	}
	return err
}

// Follow implements httpapi.Logs.
func (l *Logs) Follow(ctx context.Context, _ persistence.Filter, fn func(persistence.Line, uint64) bool) error {
	defer func() {
		if l.Followed != nil {
			l.Followed <- struct{}{}
		}
	}()
	for {
		select {
		case line, ok := <-l.New:
			if !ok || !fn(line, 0) {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
