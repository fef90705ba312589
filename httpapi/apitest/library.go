package apitest

import (
	"bytes"
	"context"
	"sync"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// Library implements httpapi.Library: it remembers what was asked. Nobody may have an image called nobody, and none may
// have the key tpyo.
type Library struct {
	mu    sync.Mutex
	asked []string
}

// PutImage implements httpapi.Library.
func (l *Library) PutImage(_ context.Context, name string, entry []byte, c images.Condition) (images.Image, error) {
	l.note("put " + name + " " + string(entry) + " " + c.Revision)
	switch {
	case name == "nobody":
		return images.Image{}, &actors.Problem{Kind: actors.NotFound, Text: "nobody", Remedy: "somebody"}
	case c.New:
		return images.Image{}, &actors.Problem{Kind: actors.Mismatch, Text: "it is there", Remedy: "leave it"}
	case bytes.Contains(entry, []byte("tpyo")):
		return images.Image{}, &actors.Problem{Kind: actors.BadRequest, Text: "tpyo: is not known", Remedy: "leave it out"}
	}
	return images.Image{Name: name, Revision: "0123456789abcdef", Install: images.InstallRaw, Source: images.FromAPI}, nil
}

// RemoveImage implements httpapi.Library.
func (l *Library) RemoveImage(_ context.Context, name string) error {
	l.note("remove " + name)
	if name == "nobody" {
		return &actors.Problem{Kind: actors.NotFound, Text: "nobody", Remedy: "somebody"}
	}
	return nil
}

func (l *Library) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, text)
}

// Asked is what was asked so far.
func (l *Library) Asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.asked...)
}
