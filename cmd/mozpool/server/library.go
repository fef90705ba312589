package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mozpool/actors"
	"mozpool/httpapi"
	"mozpool/netboot/images"
	"mozpool/persistence"
)

// entryDocs are the kinds of the journal's documents that hold what came by the API: the entry as it was put, by name.
var entryDocs = map[images.Kind]string{images.OfImage: "image", images.OfHardware: "hardware"}

// isEntry tells whether documents of this kind hold entries of the API.
func isEntry(kind string) bool {
	return kind == entryDocs[images.OfImage] || kind == entryDocs[images.OfHardware]
}

const (
	// storeLimit bounds how long an image waits to be stored, once it was found good.
	storeLimit = 15 * time.Second
	// arriveLimit bounds how long it waits then to be in this server's copy.
	arriveLimit = 3 * time.Second
)

// library changes the images and hardware types of the API. Its order: an entry is looked at whole, then stored in place of
// the one that was seen, then published. A crash before the last leaves what the next start publishes.
type library struct {
	s        *Server
	changing sync.Mutex // one change of the catalogue at a time, a reload's too
}

var _ httpapi.Library = (*library)(nil)

// entries are the images and hardware types of the API, as the journal has them.
func (s *Server) entries(ctx context.Context) (all []images.Entry, err error) {
	for kind, of := range entryDocs {
		docs, err := s.journal.ListDocs(ctx, of, "")
		if err != nil {
			return nil, fmt.Errorf("read what came by the API of kind %s: %w", kind, err)
		}
		for _, d := range docs {
			all = append(all, images.Entry{Kind: kind, Name: d.Name, Data: d.Data})
		}
	}
	return all, nil
}

// change is one entry that is put, or removed.
type change struct {
	images.Entry // without Data: removed
	cond         images.Condition
	// fit refuses what cannot be done for other reasons than the entry itself. now has it as it is, next as it is to be.
	fit func(now, next *images.Catalogue) error
}

// carryOut looks at a change, stores it and publishes it. A *images.LackingError says that nothing but uploads is missing.
// What is looked at is what the journal has, not what is shown here: that may be a moment behind.
func (l *library) carryOut(ctx context.Context, c change) (*images.Catalogue, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	all, err := l.s.entries(context.WithoutCancel(ctx)) // the server's own copy: it does not wait
	if err != nil {
		return nil, told(err)
	}
	now, clashes := l.s.catalogue.Get().With(all)
	if err := clashes.Err(); err != nil {
		return nil, refusedNames(err)
	}
	is := func(e images.Entry) bool { return e.Kind == c.Kind && e.Name == c.Name }
	var was []byte
	if n := slices.IndexFunc(all, is); n >= 0 {
		was = all[n].Data
	}
	if err := l.mayChange(now, c, was != nil); err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(all, is)
	if c.Data != nil {
		rest = append(rest, c.Entry)
	}
	next, err := c.on(now, rest)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit) // hashing may have taken longer than anybody waits
	defer cancel()
	if err := l.s.journal.SwapDoc(ctx, persistence.Doc{Kind: entryDocs[c.Kind], Name: c.Name, Data: bytes.Clone(c.Data)}, was); err != nil {
		return nil, notStored(err, c)
	}
	l.arrived(ctx, c.Entry)
	l.s.publish(next)
	return next, nil
}

// arrived waits until this server's own copy of the journal has what was stored, which in a cluster may be a moment later: the
// next change that is asked for here is judged by it, and a refresh in between would take it out of the catalogue again.
// It waits not for long, since another server may have changed it already.
func (l *library) arrived(ctx context.Context, e images.Entry) {
	ctx, cancel := context.WithTimeout(ctx, arriveLimit)
	defer cancel()
	look := time.NewTicker(arriveLimit / 1000)
	defer look.Stop()
	for {
		d, err := l.s.journal.GetDoc(ctx, entryDocs[e.Kind], e.Name)
		if err == nil && bytes.Equal(d.Data, e.Data) || errors.Is(err, persistence.ErrNotFound) && e.Data == nil {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// on is the catalogue after a change, in which all can be used that could be before, and what is put as well.
func (c change) on(now *images.Catalogue, entries []images.Entry) (*images.Catalogue, error) {
	next, clashes := now.With(entries)
	if err := clashes.Err(); err != nil {
		return nil, refusedNames(err)
	}
	for _, u := range next.Unfit() {
		switch mine := u.Kind == c.Kind && u.Name == c.Name; {
		case mine && len(u.Lacks) == len(u.Problems):
			return nil, &images.LackingError{Image: u.Name, Sums: u.Lacks}
		case mine:
			return nil, &actors.Problem{Kind: actors.BadRequest, Text: fmt.Sprintf("the %s was not taken:\n%v", u.Kind, u.Problems), Remedy: "correct the entry, then put it again"}
		}
	}
	if err := c.fit(now, next); err != nil {
		return nil, err
	}
	for _, u := range next.Unfit() {
		if !now.LeftOut(u.Kind, u.Name) {
			return nil, &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("%s %s could not be used any more:\n%v", u.Kind, u.Name, u.Problems), Remedy: "change or remove that first"}
		}
	}
	return next, nil
}

func refusedNames(err error) error {
	return &actors.Problem{Kind: actors.Refused, Text: err.Error(), Remedy: "each name comes from one source"}
}

func comesFrom(source string) string {
	switch source {
	case images.FromAPI:
		return "by the API"
	case images.BuiltIn:
		return source
	}
	return "from " + source
}

// builtInRemedies say what can be done instead of removing what is built in.
var builtInRemedies = map[images.Kind]string{
	images.OfImage:    "leave it; a hardware type can name others as its self_test and maintenance",
	images.OfHardware: "to replace it, put one of the same name: mozpool hardware push",
}

// mayChange holds a change to what its sender saw, and to the source of what is changed.
func (l *library) mayChange(now *images.Catalogue, c change, stored bool) error {
	source, revision, exists := now.Find(c.Kind, c.Name)
	if stored && !exists {
		source, exists = images.FromAPI, true // it cannot be used here
	}
	replaceable := source == images.FromAPI || c.Kind == images.OfHardware && source == images.BuiltIn && c.Data != nil
	switch {
	case exists && c.cond.New:
		return &actors.Problem{Kind: actors.Mismatch, Text: fmt.Sprintf("%s %s is there already, %s, revision %q", c.Kind, c.Name, comesFrom(source), revision), Remedy: "choose another name; without If-None-Match (--new) it becomes a new revision"}
	case exists && !replaceable && source == images.BuiltIn: // a removal: such an image cannot be put, and a type can
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("%s %s is built in and cannot be removed", c.Kind, c.Name), Remedy: builtInRemedies[c.Kind]}
	case exists && !replaceable:
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("%s %s is %s", c.Kind, c.Name, comesFrom(source)), Remedy: "change it in " + l.s.cfg.Images + ", then: mozpool reload; or choose another name"}
	case !exists && c.Data == nil:
		return &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no %s %q", c.Kind, c.Name), Remedy: fmt.Sprintf("see the list of %ss", c.Kind)}
	case c.cond.Revision != "" && revision != c.cond.Revision:
		return &actors.Problem{Kind: actors.Mismatch, Text: fmt.Sprintf("%s %s is not at revision %s but at %q", c.Kind, c.Name, c.cond.Revision, revision), Remedy: "look at it again"}
	}
	return nil
}

// notStored says why a change that was found good is not in the journal.
func notStored(err error, c change) error {
	switch {
	case errors.Is(err, persistence.ErrConflict) && c.cond == (images.Condition{}):
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("%s %s was changed at another server at the same moment", c.Kind, c.Name), Remedy: "look at it, then send the change again if it is still meant"}
	case errors.Is(err, persistence.ErrConflict):
		return &actors.Problem{Kind: actors.Mismatch, Text: fmt.Sprintf("%s %s was changed at another server at the same moment", c.Kind, c.Name), Remedy: "look at it again"}
	case errors.Is(err, persistence.ErrInvalid):
		return &actors.Problem{Kind: actors.BadRequest, Text: err.Error(), Remedy: "make the entry smaller, or its name shorter"}
	}
	return told(err)
}

// few names the first of a list, and says how many more there are.
func few(names []string) string {
	const show = 5
	if len(names) <= show {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:show], ", "), len(names)-show)
}

// publish makes a catalogue the current one, and tells of what cannot be used of it here.
func (s *Server) publish(c *images.Catalogue) {
	s.catalogue.Set(c)
	for _, u := range c.Unfit() {
		s.log.Warn("something that came by the API cannot be used on this server", "kind", string(u.Kind), "name", u.Name, "error", u.Problems.Err())
	}
	for _, h := range c.Hardware() {
		if h.Source != images.FromAPI {
			continue
		}
		if err := c.Whole(h).Err(); err != nil {
			s.log.Warn("a hardware type that came by the API lacks something on this server", "name", h.Name, "error", err)
		}
	}
}
