// Package janitor clears the store of what nobody uses: uploads, files that were fetched or unpacked, lists of blocks, and
// what a crash left half.
//
// It decides since when a file is unused, and when that is long enough. It refuses to remove what an image or a running
// attempt uses, what somebody looked for within the last hour, and anything as long as it cannot find out who uses what.
// Who uses what its caller knows (the server: its images, entries of the journal that it cannot use, boards); how uploads
// are kept, package uploads. Whoever is about to use a file calls Touch first. DESIGN.md has the order of things.
package janitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
)

const (
	// every is how often the store is looked through.
	every = time.Hour
	// settle is how long a file stays that came or was looked for just now, however short the grace: whoever uploads one
	// and then makes an image of it, or resolves a wish and then commits it, has this long.
	settle = time.Hour
	// half is how long a file that is not whole stays: one that is being written is younger, and one that is to be gone on
	// with has been for long enough.
	half = 24 * time.Hour
)

// Config says what is cleared, and whom to ask.
type Config struct {
	Dir     string         // the store
	Uploads *uploads.Store // those in it
	Keep    time.Duration  // how long what nobody uses stays; 0: until somebody prunes
	// Hold keeps images as they are until release is called, while files are removed; false: one is coming or going just
	// now, which may take long.
	Hold func() (release func(), ok bool)
	// Uses tells what is used. An error: nobody knows, so nothing is removed.
	Uses func(ctx context.Context) (Uses, error)
	// Cleared is told after files were removed; nil: nobody is.
	Cleared func()
	Metrics *Metrics
	Clock   func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: silence
}

// Uses is who uses what, by path in the store.
type Uses struct {
	Images  map[string][]string // by name
	Boards  map[string][]string // that are on their way to an image with it
	Others  map[string]bool     // used, nobody can say by what
	Origins map[string]images.Origin
}

func (u Uses) used(path string) bool {
	return len(u.Images[path]) > 0 || len(u.Boards[path]) > 0 || u.Others[path]
}

// ErrBusy says that images are coming or going, so that nothing can be removed now.
var ErrBusy = errors.New("an image is being looked at just now")

// Kind is what a file of the store is.
type Kind string

// The kinds.
const (
	Upload   Kind = "upload"   // a person or program sent it
	Fetched  Kind = "fetched"  // came by URL
	Unpacked Kind = "unpacked" // the server unpacked it for boards
	Blocks   Kind = "blocks"   // a list of blocks
	Half     Kind = "half"     // not whole
)

// File is a file of the store.
type File struct {
	Kind   Kind
	Path   string // in the store
	SHA256 string // of what it holds; empty: of a file that is not whole
	Name   string // of an upload: what people call it
	From   string // where the rest came from, if that is known
	Size   int64
	At     time.Time // when it came
	Wanted time.Time // when it came, or came again the last time
	Images []string
	Boards []string
	Unused time.Time // since when nobody uses it; zero: somebody does
}

// Janitor clears one store.
type Janitor struct {
	cfg Config

	working sync.Mutex // one look at the store at a time
	note    note

	touching sync.Mutex // held while files are removed, so that a Touch is before or after
	touched  map[string]time.Time
}

// New makes one. What was noted of earlier is read; without it everything that is unused is so from now on.
func New(cfg Config) *Janitor {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	j := &Janitor{cfg: cfg, touched: map[string]time.Time{}}
	j.note = j.readNote()
	return j
}

// Touch says that somebody is about to look for a file, which then stays for an hour at least. If it is being removed at
// this moment, Touch returns once it is gone.
func (j *Janitor) Touch(path string) {
	j.touching.Lock()
	defer j.touching.Unlock()
	now := j.cfg.Clock()
	j.touched[path] = now
	for p, at := range j.touched {
		if now.Sub(at) > settle {
			delete(j.touched, p)
		}
	}
}

// Keep is how long what nobody uses stays by itself; 0: until somebody prunes.
func (j *Janitor) Keep() time.Duration { return j.cfg.Keep }

// Files are those of the store, sorted by path, without lists of blocks and what is not whole.
func (j *Janitor) Files(ctx context.Context) ([]File, error) {
	j.working.Lock()
	defer j.working.Unlock()
	all, err := j.look(ctx)
	return slices.DeleteFunc(all, func(f File) bool { return f.Kind == Blocks || f.Kind == Half }), err
}

// Unused are the files that Prune would remove.
func (j *Janitor) Unused(ctx context.Context, unused time.Duration) ([]File, error) {
	j.working.Lock()
	defer j.working.Unlock()
	all, err := j.look(ctx)
	now := j.cfg.Clock()
	return slices.DeleteFunc(all, func(f File) bool { return !due(f, now, unused) || j.busy(f, now) }), err
}

// Prune removes what nobody has used for so long, and returns what that was. Files that cannot be removed are in the
// error, and not in the way of the others. ErrBusy: ask again.
func (j *Janitor) Prune(ctx context.Context, unused time.Duration) ([]File, error) {
	j.working.Lock()
	defer j.working.Unlock()
	release, ok := j.cfg.Hold()
	if !ok {
		return nil, ErrBusy
	}
	defer release()
	all, err := j.look(ctx)
	if err != nil {
		return nil, err
	}
	now := j.cfg.Clock()
	removed, err := j.remove(slices.DeleteFunc(slices.Clone(all), func(f File) bool { return !due(f, now, unused) }), now)
	j.writeNote()
	j.cfg.Metrics.show(all, removed)
	if len(removed) > 0 && j.cfg.Cleared != nil {
		j.cfg.Cleared()
	}
	return removed, err
}

// due says whether a file has been unused for long enough.
func due(f File, now time.Time, unused time.Duration) bool {
	if f.Kind == Half {
		return now.Sub(f.Wanted) >= half
	}
	return !f.Unused.IsZero() && now.Sub(f.Unused) >= unused && now.Sub(f.Wanted) >= settle
}

// busy says whether somebody looked for a file just now.
func (j *Janitor) busy(f File, now time.Time) bool {
	j.touching.Lock()
	defer j.touching.Unlock()
	return j.isBusy(f, now)
}

func (j *Janitor) isBusy(f File, now time.Time) bool {
	at, ok := j.touched[f.Path]
	return ok && now.Sub(at) < settle
}

// remove removes files, each with its own look whether somebody wants it after all.
func (j *Janitor) remove(files []File, now time.Time) (removed []File, err error) {
	for _, f := range files {
		gone, rerr := j.removeOne(f, now)
		switch {
		case rerr != nil:
			err = errors.Join(err, fmt.Errorf("clear the store of %s: %w", f.Path, rerr))
		case gone:
			delete(j.note.Since, f.Path)
			removed = append(removed, f)
			j.cfg.Logger.Info("the store was cleared of a file that nobody uses", "file", f.Path, "kind", f.Kind, "name", f.Name, "from", f.From,
				"bytes", f.Size, "unused_since", f.Unused.UTC().Format(time.RFC3339))
		}
	}
	return removed, err
}

func (j *Janitor) removeOne(f File, now time.Time) (gone bool, err error) {
	j.touching.Lock()
	defer j.touching.Unlock()
	if j.isBusy(f, now) {
		return false, nil
	}
	if f.Kind == Upload {
		err := j.cfg.Uploads.Delete(f.SHA256)
		if errors.Is(err, uploads.ErrNone) {
			return false, nil // somebody else removed it
		}
		return true, err
	}
	return true, j.unlink(f.Path)
}

// Run clears the store now and then until ctx ends; if what is unused is kept for ever, it only looks.
func (j *Janitor) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for failed := ""; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := j.turn(ctx)
		switch {
		case err == nil:
			failed = ""
		case ctx.Err() == nil && err.Error() != failed: // a disk that is broken says so once
			failed = err.Error()
			j.cfg.Logger.Warn("the store could not be cleared", "again_in", every, "error", err)
		}
	}
}

// turn is what is done every time.
func (j *Janitor) turn(ctx context.Context) error {
	if j.cfg.Keep > 0 {
		if _, err := j.Prune(ctx, j.cfg.Keep); !errors.Is(err, ErrBusy) {
			return err
		}
	}
	j.working.Lock()
	defer j.working.Unlock()
	all, err := j.look(ctx)
	if err == nil {
		j.writeNote()
		j.cfg.Metrics.show(all, nil)
	}
	return err
}
