package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"

	"mozpool/persistence/strictyaml"
)

// maxFetch is the largest artifact fetched by URL: a disk image of any board.
const maxFetch = 64 << 30

// fetched is what is known about an artifact that came from a URL.
type fetched struct {
	ETag   string `json:"etag,omitempty"` // as the server gave it; empty: fetch again each time
	SHA256 string `json:"sha256"`         // its name in the store
}

// fetch brings an artifact into the store, under its hash, and returns its path
// there. A server that gives an ETag is only asked whether it changed.
func (c *Catalogue) fetch(ctx context.Context, url string, allow []string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", url, err)
	}
	known, have := c.index.url(url)
	if _, err := os.Stat(filepath.Join(c.roots.store, storeName(known.SHA256))); err != nil {
		have = false
	}
	if have && known.ETag != "" {
		req.Header.Set("If-None-Match", known.ETag)
	}
	resp, err := c.client(allow).Do(req)
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	switch {
	case resp.StatusCode == http.StatusNotModified && have:
		return storeName(known.SHA256), nil
	case resp.StatusCode != http.StatusOK:
		return "", &strictyaml.RemedyError{What: fmt.Sprintf("fetch %s: the server answers %s", url, resp.Status), Remedy: "check that the build exists"}
	}
	sum, err := c.storeBody(resp)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", url, err)
	}
	c.index.setURL(url, fetched{ETag: resp.Header.Get("ETag"), SHA256: sum})
	return storeName(sum), nil
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
func storeName(sum string) string { return path.Join("sha256", sum) }

// storeBody writes a body into the store: to a temporary name, synced, renamed
// to its hash.
func (c *Catalogue) storeBody(resp *http.Response) (string, error) {
	folder := filepath.Join(c.roots.store, "sha256")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, sum), io.LimitReader(resp.Body, maxFetch+1))
	switch {
	case err == nil && n > maxFetch:
		err = fmt.Errorf("larger than %s", strictyaml.Size(maxFetch))
	case err == nil && resp.ContentLength >= 0 && n != resp.ContentLength:
		err = io.ErrUnexpectedEOF
	}
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	name := hexSum(sum.Sum(nil))
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return name, nil
}

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
