package keeper

import (
	"context"
	"math/rand/v2"
	"os"
	"time"
)

// glance is how often the files of sources are looked at, less up to a third. Looking asks for nothing but a file's size
// and time; and unlike notices of the kernel it sees files that other machines write (NFS), and those that an editor or
// git puts in another's place.
const glance = 3 * time.Second

// Watch has a Keeper sync when a file changes. Make it with Keeper.Watch.
type Watch struct {
	keeper *Keeper
	files  []watched
}

// watched is a file, and how it looked.
type watched struct {
	path string
	done os.FileInfo // when it was taken over; nil: it was not there
	last os.FileInfo // at the last look
}

// Watch has a sync follow each change of the files, which are sources of the Keeper. How they look now counts as known:
// it is to be called before Run.
func (k *Keeper) Watch(files ...string) *Watch {
	w := &Watch{keeper: k}
	for _, path := range files {
		now := look(path)
		w.files = append(w.files, watched{path, now, now})
	}
	return w
}

// Run looks until ctx ends. nil is an orderly end.
func (w *Watch) Run(ctx context.Context) error {
	if len(w.files) == 0 {
		return nil
	}
	for ctx.Err() == nil {
		timer := time.NewTimer(glance - rand.N(glance/3))
		select {
		case <-ctx.Done():
		case <-timer.C:
			if w.changed() {
				w.keeper.want(ctx)
			}
		}
		timer.Stop()
	}
	return nil
}

// changed looks at all files. One that changed has to look alike twice: who writes it may not be at its end yet.
func (w *Watch) changed() bool {
	found := false
	for i := range w.files {
		f := &w.files[i]
		now := look(f.path)
		quiet := alike(now, f.last)
		f.last = now
		if !quiet || alike(now, f.done) {
			continue
		}
		f.done, found = now, true
		w.keeper.log.Info("a file of the inventory changed", "file", f.path)
	}
	return found
}

// want has Run sync as soon as it can, and does not wait for what comes of it: Run logs that. In a cluster, a server
// whose turn it is not keeps the wish until it is.
func (k *Keeper) want(ctx context.Context) {
	select {
	case k.asks <- make(chan error, 1):
	case <-ctx.Done():
	}
}

// look is how a file looks; nil: it cannot be seen, which the sync then says of its source.
func look(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

func alike(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
