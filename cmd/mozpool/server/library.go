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

// imageDocs are the documents of the journal that hold the images of the API: the entry as it was put, by name.
const imageDocs = "image"

// storeLimit bounds how long an image waits to be stored, once it was found good.
const storeLimit = 15 * time.Second

// library changes the images of the API. Its order: an image is looked at whole, then stored, then published. A crash
// before the last leaves what the next start publishes.
type library struct {
	s        *Server
	changing sync.Mutex // one change of the catalogue at a time, a reload's too
}

var _ httpapi.Library = (*library)(nil)

// entries are the images of the API, as the journal has them.
func (s *Server) entries(ctx context.Context) ([]images.Entry, error) {
	docs, err := s.journal.ListDocs(ctx, imageDocs, "")
	if err != nil {
		return nil, fmt.Errorf("read the images of the API: %w", err)
	}
	all := make([]images.Entry, 0, len(docs))
	for _, d := range docs {
		all = append(all, images.Entry{Name: d.Name, Data: d.Data})
	}
	return all, nil
}

// PutImage implements httpapi.Library. It takes as long as hashing what the image unpacks to, if that was not done before,
// and in a cluster as long as fetching what was uploaded to another server.
func (l *library) PutImage(ctx context.Context, name string, entry []byte, cond images.Condition) (images.Image, error) {
	if err := images.CheckName(name); err != nil {
		return images.Image{}, &actors.Problem{Kind: actors.BadRequest, Text: err.Error(), Remedy: "put it under another name"}
	}
	i, err := l.put(ctx, name, entry, cond)
	if l.fetchFor(ctx, err) {
		i, err = l.put(ctx, name, entry, cond)
	}
	var lacking *images.LackingError
	if errors.As(err, &lacking) {
		err = &actors.Problem{Kind: actors.BadRequest, Text: "the image was not taken: " + lacking.Error(), Remedy: "upload it first: mozpool artifact push FILE"}
	}
	return i, err
}

// put looks at an image, stores it and publishes it. A *images.LackingError says that nothing but uploads is missing.
func (l *library) put(ctx context.Context, name string, entry []byte, cond images.Condition) (images.Image, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.s.catalogue.Get()
	if err := mayPut(now, name, cond); err != nil {
		return images.Image{}, err
	}
	next, err := l.with(ctx, now, images.Entry{Name: name, Data: entry})
	if err != nil {
		return images.Image{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit) // hashing may have taken longer than anybody waits
	defer cancel()
	if err := l.s.journal.PutDoc(ctx, persistence.Doc{Kind: imageDocs, Name: name, Data: bytes.Clone(entry)}); err != nil {
		return images.Image{}, told(err)
	}
	l.s.publish(next)
	i, _ := next.Image(name)
	return i, nil
}

// with is the catalogue with one entry more, or another in its place, that can be used.
func (l *library) with(ctx context.Context, now *images.Catalogue, e images.Entry) (*images.Catalogue, error) {
	all, err := l.s.entries(context.WithoutCancel(ctx)) // the server's own copy: it does not wait
	if err != nil {
		return nil, told(err)
	}
	all = slices.DeleteFunc(all, func(o images.Entry) bool { return o.Name == e.Name })
	next, clashes := now.With(append(all, e))
	if err := clashes.Err(); err != nil {
		return nil, &actors.Problem{Kind: actors.Refused, Text: err.Error(), Remedy: "each name comes from one source"}
	}
	for _, u := range next.Unfit() {
		if u.Name != e.Name {
			continue
		}
		if len(u.Lacks) == len(u.Problems) {
			return nil, &images.LackingError{Image: u.Name, Sums: u.Lacks}
		}
		return nil, &actors.Problem{Kind: actors.BadRequest, Text: "the image was not taken:\n" + u.Problems.Error(), Remedy: "correct the entry, then put it again"}
	}
	return next, nil
}

// mayPut holds a change to what its sender saw, and to the source of the image.
func mayPut(c *images.Catalogue, name string, cond images.Condition) error {
	i, exists := c.Image(name)
	switch {
	case exists && cond.New:
		return &actors.Problem{Kind: actors.Mismatch, Text: fmt.Sprintf("there is an image %s already, revision %s from %s", name, i.Revision, i.Source), Remedy: "choose another name; without If-None-Match it becomes a new revision"}
	case exists && i.Source != images.FromAPI:
		return otherSource(i)
	case cond.Revision != "" && (!exists || i.Revision != cond.Revision):
		return &actors.Problem{Kind: actors.Mismatch, Text: fmt.Sprintf("image %s is not at revision %s but at %q", name, cond.Revision, i.Revision), Remedy: "look at it again"}
	}
	return nil
}

func otherSource(i images.Image) error {
	return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("image %s comes from %s, not by the API", i.Name, i.Source), Remedy: "change it there, then: mozpool reload; or choose another name"}
}

// RemoveImage implements httpapi.Library.
func (l *library) RemoveImage(ctx context.Context, name string) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.s.catalogue.Get()
	if i, ok := now.Image(name); ok && i.Source != images.FromAPI {
		return otherSource(i)
	}
	all, err := l.s.entries(ctx)
	if err != nil {
		return told(err)
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(e images.Entry) bool { return e.Name == name })
	if len(rest) == len(all) {
		return &actors.Problem{Kind: actors.NotFound, Text: fmt.Sprintf("there is no image %q", name), Remedy: "see the list of images"}
	}
	if users := l.users(now, name); len(users) > 0 {
		return &actors.Problem{Kind: actors.Refused, Text: fmt.Sprintf("image %s is used by %s", name, strings.Join(users, ", ")), Remedy: "wait for those boards, or cancel their wishes; name another image for those hardware types"}
	}
	next, clashes := now.With(rest)
	if err := clashes.Err(); err != nil {
		return err
	}
	if err := l.s.journal.DeleteDoc(ctx, imageDocs, name); err != nil {
		return told(err)
	}
	l.s.publish(next)
	return nil
}

// users are the boards on their way to an image, and the hardware types that name it.
func (l *library) users(c *images.Catalogue, name string) (users []string) {
	for _, v := range l.s.boards.Views() {
		if v.Inputs == nil || v.Board.State.Rest() {
			continue
		}
		if o, ok := v.Inputs.Order.(*images.Order); ok && o.Image == name {
			users = append(users, "board "+v.Spec.Name)
		}
	}
	for _, h := range c.Hardware() {
		if h.SelfTest == name || h.Maintenance == name {
			users = append(users, "hardware type "+h.Name)
		}
	}
	return users
}

// publish makes a catalogue the current one, and tells of what is left out of it.
func (s *Server) publish(c *images.Catalogue) {
	s.catalogue.Set(c)
	for _, u := range c.Unfit() {
		s.log.Warn("an image of the API cannot be used on this server", "image", u.Name, "error", u.Problems.Err())
	}
}
