package images

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"path/filepath"
	"slices"

	"mozpool/netboot/images/download"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
	"mozpool/persistence/strictyaml"
)

// maxFetch is the largest artifact fetched by URL: a disk image of any board.
const maxFetch = 64 << 30

// fetched is what is known about an artifact that came from a URL.
type fetched struct {
	ETag   string `json:"etag,omitempty"` // as the server gave it; empty: fetch again each time
	SHA256 string `json:"sha256"`         // its name in the store
}

// fetch brings an artifact into the store, under its hash, and returns its path there. A server that gives an ETag is only
// asked whether it changed, and goes on where a transfer broke off.
func (c *Catalogue) fetch(ctx context.Context, url string, allow []string) (string, error) {
	// A rack that is asked for the same build at once fetches it once; whoever comes later asks only whether it changed.
	release, err := download.Turn(ctx, c.roots.store+" "+url)
	if err != nil {
		return "", fmt.Errorf("wait for another fetch of %s: %w", url, err)
	}
	defer release()
	folder := filepath.Join(c.roots.store, MadeFolder)
	f := download.Fetcher{Dir: folder, Client: c.client(allow), Most: maxFetch, Patience: c.options.patience,
		Room: func(size int64) error { return uploads.Room(folder, size, c.free) }}
	w := download.Wanted{URL: url}
	known, have := c.index.url(url)
	if have {
		c.index.touch(storeName(known.SHA256))
		if c.roots.stat(InStore, storeName(known.SHA256)) == nil {
			w.ETag = known.ETag
		}
	}
	got, err := f.Get(ctx, w)
	if err != nil {
		return "", explainFetch(url, err)
	}
	if got.Unchanged {
		return storeName(known.SHA256), nil
	}
	c.index.setURL(url, fetched{ETag: got.ETag, SHA256: got.SHA256})
	return storeName(got.SHA256), nil
}

// free is how much of the store's disk is free.
func (c *Catalogue) free(dir string) (uint64, error) {
	if c.options.free != nil {
		return c.options.free(dir)
	}
	return persistence.FreeSpace(dir)
}

// explainFetch adds the remedy to the usual mishaps.
func explainFetch(url string, err error) error {
	var status *download.StatusError
	var full *uploads.FullError
	switch {
	case errors.As(err, &status):
		return &strictyaml.RemedyError{What: fmt.Sprintf("fetch %s: %v", url, status), Remedy: "check that the build exists"}
	case errors.As(err, &full):
		return &strictyaml.RemedyError{What: fmt.Sprintf("fetch %s: %v", url, full), Remedy: "clear the store of what nobody uses: mozpool artifact prune"}
	}
	return err
}

// client follows redirects only to where the image allows.
func (c *Catalogue) client(allow []string) *http.Client {
	client := http.Client{}
	if c.options.Client != nil {
		client = *c.options.Client
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		to := r.URL.String()
		if len(via) > 5 || !slices.ContainsFunc(allow, func(p string) bool { return isURL(p) && allows(p, to) }) {
			return fmt.Errorf("redirected to %s, which allow does not name", to)
		}
		return nil
	}
	return &client
}

// storeName is where the store keeps content with this hash.
func storeName(sum string) string { return path.Join(MadeFolder, sum) }

func (x *index) url(url string) (fetched, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f, ok := x.urls[url]
	return f, ok
}

func (x *index) setURL(url string, f fetched) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.urls[url], x.dirty = f, true
}
