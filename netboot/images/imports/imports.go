// Package imports brings files by their URL into the store of uploads.
//
// It decides that a file is fetched once for all who ask for it at the same time, how many are fetched at once, and when
// nobody wants one any more: then it is broken off, and what came is kept for whoever asks next. It refuses another content
// than the hash says, and to be led from https to http where no hash would tell. How a file comes, package download knows,
// and how it is kept, package uploads; what is imported at all its caller decides, the API (package httpapi).
package imports

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"mozpool/netboot/images/download"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
)

// AtOnce is how many files are fetched at once: more would only share the disk, as uploads do.
const AtOnce = 4

// ErrBusy says that AtOnce others are being fetched.
var ErrBusy = errors.New("as many files are being imported as may be at once")

// Config says what files are brought into. Uploads and Dir are required.
type Config struct {
	Uploads  *uploads.Store
	Dir      string                           // where lies what is not whole yet, on the disk of the uploads
	Client   *http.Client                     // nil: http.DefaultClient
	Patience time.Duration                    // how long nothing may come; 0: 30 s
	Free     func(dir string) (uint64, error) // how much of the disk is free; nil: persistence.FreeSpace
	Clock    func() time.Time                 // nil: time.Now
	Logger   *slog.Logger                     // nil: silence
}

// Wanted says what is imported.
type Wanted struct {
	URL    string // http or https
	SHA256 string // of its bytes; empty: whatever comes
	Name   string // that it is kept under, unless it is there already
}

// Shown is its URL as it may stand in logs: a query may have a signature in it that lets in whoever reads it.
func (w Wanted) Shown() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return "the URL"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// Importer imports into one store. All methods may be called by many goroutines.
type Importer struct {
	cfg Config

	mu      sync.Mutex
	flying  int
	flights map[flightKey]*flight
	known   map[string]version // by URL
}

// flightKey is what those have in common who wait for the same flight: the name is the first one's.
type flightKey struct{ url, sum string }

// flight is a file on its way.
type flight struct {
	waiting int // who want it; the importer's lock is held
	stop    context.CancelFunc
	done    chan struct{} // closed once the rest is set
	got     uploads.Artifact
	err     error
}

// New makes an importer; nothing is made in Dir yet.
func New(cfg Config) *Importer {
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if cfg.Free == nil {
		cfg.Free = persistence.FreeSpace
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Importer{cfg: cfg, flights: map[flightKey]*flight{}, known: map[string]version{}}
}

// Import returns the artifact once it is there. One whose hash is there already is not asked for. Errors are ErrBusy,
// *uploads.FullError, those of package download, and those of the disk. If ctx ends and nobody else waits for it, the file
// is no longer fetched, and Import returns when what came of it is safely on the disk.
func (i *Importer) Import(ctx context.Context, w Wanted) (uploads.Artifact, error) {
	if a, err := i.have(w.SHA256); !errors.Is(err, uploads.ErrNone) {
		return a, err
	}
	f, err := i.join(w)
	if err != nil {
		return uploads.Artifact{}, err
	}
	select {
	case <-f.done:
		return f.got, f.err
	case <-ctx.Done():
		i.leave(w.key(), f)
		return uploads.Artifact{}, fmt.Errorf("import %s: %w", w.Shown(), ctx.Err())
	}
}

func (w Wanted) key() flightKey { return flightKey{w.URL, w.SHA256} }

// have is an artifact that is there; uploads.ErrNone also where no hash is known.
func (i *Importer) have(sum string) (uploads.Artifact, error) {
	if sum == "" {
		return uploads.Artifact{}, uploads.ErrNone
	}
	return i.cfg.Uploads.Has(sum)
}

// join finds the flight of a file, or begins it.
func (i *Importer) join(w Wanted) (*flight, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if f := i.flights[w.key()]; f != nil {
		f.waiting++
		return f, nil
	}
	if i.flying >= AtOnce {
		return nil, ErrBusy
	}
	i.flying++
	ctx, stop := context.WithCancel(context.Background()) // it is wanted as long as anybody waits, not as the first does
	f := &flight{waiting: 1, stop: stop, done: make(chan struct{})}
	i.flights[w.key()] = f
	go i.fly(ctx, w, f) // ends with the file, or when the last who waited left
	return f, nil
}

func (i *Importer) fly(ctx context.Context, w Wanted, f *flight) {
	defer close(f.done)
	defer f.stop()
	f.got, f.err = i.bring(ctx, w)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.flying--
	i.forget(w.key(), f)
}

// leave takes one who waited away; the last one ends the flight.
func (i *Importer) leave(k flightKey, f *flight) {
	i.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	if last {
		i.forget(k, f) // whoever comes from now on begins another
	}
	i.mu.Unlock()
	if last {
		f.stop()
		<-f.done
	}
}

func (i *Importer) forget(k flightKey, f *flight) {
	if i.flights[k] == f {
		delete(i.flights, k)
	}
}

// free refuses more than there is room for.
func (i *Importer) free(size int64) error { return uploads.Room(i.cfg.Dir, size, i.cfg.Free) }

// turn waits for those who bring the same URL by another hash.
func (i *Importer) turn(ctx context.Context, w Wanted) (release func(), err error) {
	release, err = download.Turn(ctx, i.cfg.Dir+" import "+w.URL)
	if err != nil {
		return nil, fmt.Errorf("wait for another import of %s: %w", w.Shown(), err)
	}
	return release, nil
}
