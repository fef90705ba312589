package source

import (
	"context"
	"net/http"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/web"
)

// URL is an address that answers with the format of boards.yaml, JSON or CSV.
// Make it with NewURL.
type URL struct {
	title string
	site  *web.Site
	power inventory.ParsePower

	etag, modified string // of last
	last           []inventory.Record
}

// NewURL makes the source called title; address is http or https. Power says
// whether a power line is well formed; nil: all are.
func NewURL(title, address string, power inventory.ParsePower, o web.Options) (*URL, error) {
	o.MaxBytes = maxBytes
	site, err := web.New(title, address, o)
	if err != nil {
		return nil, err
	}
	return &URL{title: title, site: site, power: power}, nil
}

// Name implements Source.
func (u *URL) Name() string { return u.title }

// Where implements Source.
func (u *URL) Where() string { return u.site.At().String() }

// Fetch implements Source. What may be over soon is tried again.
func (u *URL) Fetch(ctx context.Context) ([]inventory.Record, error) {
	header := make(http.Header)
	if u.etag != "" {
		header.Set("If-None-Match", u.etag)
	}
	if u.modified != "" {
		header.Set("If-Modified-Since", u.modified)
	}
	if err := u.site.Get(ctx, u.site.At(), header, u.take); err != nil {
		return nil, err
	}
	return u.last, nil
}

func (u *URL) take(a web.Answer) error {
	if a.Status == http.StatusNotModified {
		return nil
	}
	records, err := parse(u.title, isCSV(u.site.At().Path, a.Header.Get("Content-Type")), a.Body, u.power)
	if err != nil {
		return err
	}
	u.etag, u.modified, u.last = a.Header.Get("ETag"), a.Header.Get("Last-Modified"), records
	return nil
}
