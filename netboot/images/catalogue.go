package images

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// Options say where a catalogue comes from and whom it asks.
type Options struct {
	Path  string // images.yaml; need not exist: only what is built in is there then
	Files string // the folder "files"
	Store string // data/store, for the index of facts and fetched artifacts; made if missing
	// Entries are the images and hardware types that came by the API.
	Entries []Entry
	// Partial says that there may be more of them: a name that nothing here has is no mistake then, see Elsewhere.
	Partial bool
	// Lacking is told of files, by their SHA-256, that a running attempt pinned and that are not here; it has them fetched
	// into the uploads, and does not wait. nil: what is not here is nowhere.
	Lacking func(sum string)
	// Touched is told of files of the store, by their path there, before they are looked for: whoever clears the store
	// lets them lie for a while. It may wait for a file that is being removed. nil: nobody clears it.
	Touched func(path string)

	// CheckScript judges the body of a script, which may use the image's
	// config keys; name says which in messages.
	// nil accepts all.
	CheckScript func(name, body string, configKeys []string) error
	// Builtin are the bodies of the scripts of the built-in images, by name.
	Builtin map[string]string
	Client  *http.Client // fetches artifacts by URL; nil: http.DefaultClient
	Logger  *slog.Logger // nil: silence

	patience time.Duration                    // how long a fetch waits for the next byte; 0: as package download does
	free     func(dir string) (uint64, error) // nil: persistence.FreeSpace
}

// Catalogue is one state of images.yaml with all facts about its files. It is
// immutable, but for the index of facts, and safe for all goroutines.
type Catalogue struct {
	hardware map[string]Hardware
	images   map[string]Image
	index    *index
	roots    *roots
	options  Options
	unfit    []Unfit // entries of the API that cannot be used here
	absent   []string
}

// Images returns all images, sorted by name.
func (c *Catalogue) Images() []Image { return sorted(c.images) }

// Hardware returns all hardware types, sorted by name.
func (c *Catalogue) Hardware() []Hardware { return sorted(c.hardware) }

// Image finds an image by name.
func (c *Catalogue) Image(name string) (Image, bool) {
	i, ok := c.images[name]
	return i, ok
}

// HardwareType finds a hardware type by name.
func (c *Catalogue) HardwareType(name string) (Hardware, bool) {
	h, ok := c.hardware[name]
	return h, ok
}

// Find tells of whatever has this name where it comes from, and its revision.
func (c *Catalogue) Find(k Kind, name string) (source, revision string, ok bool) {
	if k == OfHardware {
		h, ok := c.hardware[name]
		return h.Source, h.Revision, ok
	}
	i, ok := c.images[name]
	return i.Source, i.Revision, ok
}

func sorted[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[name])
	}
	return out
}

// Published hands the current catalogue to readers without locks. A reload
// stores another one; whoever holds the old one goes on with it.
type Published struct {
	current atomic.Pointer[Catalogue]
}

// Get returns the current catalogue, nil before the first Set.
func (p *Published) Get() *Catalogue { return p.current.Load() }

// Set makes c the current catalogue.
func (p *Published) Set(c *Catalogue) { p.current.Store(c) }
