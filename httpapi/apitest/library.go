package apitest

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"mozpool/actors"
	"mozpool/netboot/images"
)

// Library implements httpapi.Library: it remembers what was asked. Nothing may be called nobody, and have the key tpyo.
type Library struct {
	mu    sync.Mutex
	asked []string
}

// PutImage implements httpapi.Library.
func (l *Library) PutImage(_ context.Context, name string, entry []byte, c images.Condition) (images.Image, error) {
	err := l.change("put "+name, name, entry, c)
	return images.Image{Name: name, Revision: "0123456789abcdef", Install: images.InstallRaw, Source: images.FromAPI}, err
}

// RemoveImage implements httpapi.Library.
func (l *Library) RemoveImage(_ context.Context, name string, c images.Condition) error {
	return l.change("remove "+name, name, nil, c)
}

// PutHardware implements httpapi.Library.
func (l *Library) PutHardware(_ context.Context, name string, entry []byte, c images.Condition) (images.Hardware, error) {
	err := l.change("put type "+name, name, entry, c)
	return images.Hardware{Name: name, Revision: "0123456789abcdef", Disk: "/dev/vda", Source: images.FromAPI}, err
}

// RemoveHardware implements httpapi.Library.
func (l *Library) RemoveHardware(_ context.Context, name string, c images.Condition) error {
	return l.change("remove type "+name, name, nil, c)
}

func (l *Library) change(text, name string, entry []byte, c images.Condition) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, strings.TrimSpace(text+" "+string(entry)+" "+c.Revision))
	switch {
	case name == "nobody":
		return &actors.Problem{Kind: actors.NotFound, Text: "nobody", Remedy: "somebody"}
	case c.New:
		return &actors.Problem{Kind: actors.Mismatch, Text: "it is there", Remedy: "leave it"}
	case bytes.Contains(entry, []byte("tpyo")):
		return &actors.Problem{Kind: actors.BadRequest, Text: "tpyo: is not known", Remedy: "leave it out"}
	}
	return nil
}

// Asked is what was asked so far.
func (l *Library) Asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.asked...)
}
