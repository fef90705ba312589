package actors

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mozpool/persistence"
)

// IncidentKind says what is wrong.
type IncidentKind string

// The kinds of incidents.
const (
	IncidentRelay   IncidentKind = "relay"   // a relay board gives no sign of life; it ends by itself
	IncidentCrossed IncidentKind = "crossed" // two boards hang on each other's relays; a person ends it
)

// Incident is something that stops several boards and is not their fault. Its boards wait, and spend no tries.
type Incident struct {
	ID       string       `json:"id"` // of this one in the whole cluster; those of earlier versions have no chance in them
	Kind     IncidentKind `json:"kind"`
	Subject  string       `json:"subject"` // the relay board, or the boards, that it is about
	Rack     string       `json:"rack,omitempty"`
	Boards   []string     `json:"boards"` // names, as they were when it opened
	Text     string       `json:"text"`
	Remedy   string       `json:"remedy"`
	Opened   time.Time    `json:"opened"`
	Closed   time.Time    `json:"closed,omitzero"`
	ClosedBy string       `json:"closed_by,omitempty"`
}

const (
	incidentDocs  = "incident"
	keptIncidents = 200 // closed ones
)

// incidents are those of this server's racks. They are stored outside of any actor, for what an incident stops has
// stopped already; the journal gets the latest of each as soon as it can.
type incidents struct {
	mu     sync.Mutex
	all    map[string]*Incident
	writes sync.Mutex // one write at a time, each of the newest
}

// loadIncidents reads what the journal has.
func (f *Fleet) loadIncidents(ctx context.Context) error {
	s := &f.incidents
	docs, err := f.cfg.Journal.ListDocs(ctx, incidentDocs, "")
	if err != nil {
		return fmt.Errorf("load incidents: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = make(map[string]*Incident, len(docs))
	for _, d := range docs {
		i := new(Incident)
		if err := json.Unmarshal(d.Data, i); err != nil {
			return fmt.Errorf("incident %s: %w", d.Name, err)
		}
		s.all[i.ID] = i
		f.markSuspect(i)
	}
	return nil
}

// open is the open incident of a kind about subject; nil: none.
func (s *incidents) open(kind IncidentKind, subject string) *Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.all {
		if i.Kind == kind && i.Subject == subject && i.Closed.IsZero() {
			c := *i
			return &c
		}
	}
	return nil
}

// crossedWith is the open incident that says that the board's wiring is crossed; nil: none.
func (s *incidents) crossedWith(name string) *Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.all {
		if i.Kind == IncidentCrossed && i.Closed.IsZero() && slices.Contains(i.Boards, name) {
			c := *i
			return &c
		}
	}
	return nil
}

// Incidents are the open ones and the last that were closed, the newest first.
func (f *Fleet) Incidents() []Incident {
	s := &f.incidents
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Incident, 0, len(s.all))
	for _, i := range s.all {
		list = append(list, *i)
	}
	slices.SortFunc(list, func(a, b Incident) int { return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID)) })
	return list
}

// beginIncident opens an incident, unless it is open already, and tells people once.
func (f *Fleet) beginIncident(i Incident) string {
	if known := f.incidents.open(i.Kind, i.Subject); known != nil {
		return known.ID
	}
	s := &f.incidents
	s.mu.Lock()
	i.Opened = f.now().UTC()
	i.ID = incidentID(i.Opened)
	slices.Sort(i.Boards)
	s.all[i.ID] = &i
	s.mu.Unlock()
	f.markSuspect(&i)
	f.log.Error("incident", "id", i.ID, "of", string(i.Kind), "subject", i.Subject, "boards", len(i.Boards), "text", i.Text, "remedy", i.Remedy)
	for _, b := range i.Boards {
		f.line(b, "relay", 3, fmt.Sprintf("incident %s: %s", i.ID, i.Text))
	}
	f.aside.Go(func() { f.storeIncident(i.ID) })
	return i.ID
}

// incidentID is one that no server has used or will use: by time, and within a millisecond by chance, since the servers of
// a cluster know nothing of each other's at that moment.
func incidentID(at time.Time) string {
	return strconv.FormatInt(at.UnixMilli(), 36) + "-" + strings.ToLower(rand.Text()[:6])
}

// CloseIncident ends an incident on a person's word. That of a relay board ends by itself and in no other way.
func (f *Fleet) CloseIncident(id, by string) (Incident, error) {
	s := &f.incidents
	s.mu.Lock()
	i := s.all[id]
	s.mu.Unlock()
	switch {
	case i == nil:
		return Incident{}, problem(NotFound, "see the list of incidents", "there is no incident %q", id)
	case i.Kind == IncidentRelay:
		return Incident{}, problem(Refused, i.Remedy, "incident %s ends as soon as the relay board answers", id)
	}
	return f.closeIncident(id, by), nil
}

// closeIncident ends an incident, once.
func (f *Fleet) closeIncident(id, by string) Incident {
	s := &f.incidents
	s.mu.Lock()
	i := s.all[id]
	if i == nil {
		s.mu.Unlock()
		return Incident{}
	}
	open := i.Closed.IsZero()
	if open {
		i.Closed, i.ClosedBy = f.now().UTC(), by
	}
	closed := *i
	s.mu.Unlock()
	if open {
		f.markSuspect(&closed)
		if closed.Kind == IncidentImage {
			f.cleared(closed.Subject)
		}
		f.log.Info("incident is over", "id", id, "of", string(closed.Kind), "subject", closed.Subject, "by", by)
		f.aside.Go(func() { f.storeIncident(id) })
	}
	return closed
}

// storeIncident writes an incident as it is by then, until the journal has it. Old ones make room.
func (f *Fleet) storeIncident(id string) {
	s := &f.incidents
	s.writes.Lock()
	defer s.writes.Unlock()
	for try := 0; f.ctx.Err() == nil; try++ {
		s.mu.Lock()
		data, err := json.Marshal(s.all[id])
		s.mu.Unlock()
		if err != nil {
			panic(err) // a plain struct always encodes
		}
		ctx, cancel := context.WithTimeout(f.ctx, commitLimit)
		err = f.cfg.Journal.PutDoc(ctx, persistence.Doc{Kind: incidentDocs, Name: id, Data: data})
		if err == nil {
			f.forgetIncidents(ctx)
		}
		cancel()
		if err == nil {
			return
		}
		f.log.Warn("an incident is not stored yet", "id", id, "error", err)
		f.pause(f.ctx, min(time.Second<<min(try, 6), time.Minute))
	}
}

// forgetIncidents drops the oldest closed ones.
func (f *Fleet) forgetIncidents(ctx context.Context) {
	closed := 0
	for _, i := range f.Incidents() {
		if i.Closed.IsZero() {
			continue
		}
		if closed++; closed <= keptIncidents {
			continue
		}
		if err := f.cfg.Journal.DeleteDoc(ctx, incidentDocs, i.ID); err != nil {
			return // the next one tries again
		}
		f.incidents.mu.Lock()
		delete(f.incidents.all, i.ID)
		f.incidents.mu.Unlock()
	}
}
