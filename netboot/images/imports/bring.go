package imports

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"mozpool/netboot/images/download"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence/strictyaml"
)

// maxKnown is of how many URLs it is remembered what they had: those of a year of nightly builds.
const maxKnown = 1000

// version is what a URL had when it was imported last. It is forgotten with the process: then the file comes once more.
type version struct{ etag, sum string }

// bring fetches a file, unless it came meanwhile.
func (i *Importer) bring(ctx context.Context, w Wanted) (a uploads.Artifact, err error) {
	release, err := i.turn(ctx, w)
	if err != nil {
		return a, err
	}
	defer release()
	if known, err := i.have(w.SHA256); err == nil {
		return known, nil
	}
	began := i.cfg.Clock()
	last := i.last(w)
	f := download.Fetcher{Dir: i.cfg.Dir, Client: i.client(w), Patience: i.cfg.Patience, Room: i.free, Keep: func(path, sum string) (err error) {
		a, err = i.cfg.Uploads.Adopt(path, sum, w.Name, i.cfg.Clock())
		return err
	}}
	got, err := f.Get(ctx, download.Wanted{URL: w.URL, SHA256: w.SHA256, ETag: last.etag})
	if err != nil {
		return uploads.Artifact{}, err
	}
	if got.Unchanged {
		return i.cfg.Uploads.Has(last.sum)
	}
	i.remember(w.URL, version{got.ETag, got.SHA256})
	i.cfg.Logger.Info("artifact imported", "sha256", a.SHA256, "name", a.Name, "bytes", a.Size, "from", w.Shown(), "resumed_at", got.Resumed, "took", i.cfg.Clock().Sub(began).Round(time.Millisecond))
	return a, nil
}

// last is what the URL had the last time, if that is still here and nothing else is wanted.
func (i *Importer) last(w Wanted) version {
	i.mu.Lock()
	v := i.known[w.URL]
	i.mu.Unlock()
	if w.SHA256 != "" || v.etag == "" {
		return version{}
	}
	if _, err := i.cfg.Uploads.Has(v.sum); err != nil { // which also keeps it from being cleared away while it is asked for
		return version{}
	}
	return v
}

func (i *Importer) remember(url string, v version) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.known) >= maxKnown {
		clear(i.known)
	}
	i.known[url] = v
}

const maxRedirects = 10

// client follows redirects, but not to where anybody on the way could change what no hash guards.
func (i *Importer) client(w Wanted) *http.Client {
	client := *i.cfg.Client
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		from := via[len(via)-1].URL
		switch {
		case len(via) > maxRedirects:
			return &strictyaml.RemedyError{What: fmt.Sprintf("%s leads from one place to the next, %d times", w.Shown(), len(via)), Remedy: "give the URL that the file is at"}
		case w.SHA256 == "" && from.Scheme == "https" && r.URL.Scheme != "https":
			return &strictyaml.RemedyError{What: fmt.Sprintf("%s leads from https to %s on %s, where others may change what comes", w.Shown(), r.URL.Scheme, r.URL.Host), Remedy: "give the file's sha256 as well"}
		}
		return nil
	}
	return &client
}
