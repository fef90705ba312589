// Package web asks the web servers that inventories are on.
//
// It decides how one answer is got: credentials, redirects, sizes, pauses and
// tries. It refuses to leave the server that the configuration names, be it by
// a redirect or by the link to a next page: neither a token nor the truth about
// boards may be handed to another. What an answer says is for its callers, the
// sources of package source and below.
package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Site is one server that is asked. Make it with New.
type Site struct {
	title string
	at    *url.URL
	o     Options
}

// Options say how to ask. The zero value will do.
type Options struct {
	Token Token
	// Authorize puts the secret of Token into a request; nil: as a bearer token.
	Authorize func(r *http.Request, secret string)
	// CA is a PEM file with certificates that vouch for the server, beside those
	// of the system; empty: none. It is read once.
	CA       string
	Client   *http.Client // its CheckRedirect is replaced; nil: one that gives up after a minute
	MaxBytes int64        // of one answer; 0: MaxBytes
	// Pause waits before another try; nil: it does.
	Pause func(ctx context.Context, d time.Duration) error
}

// MaxBytes is the size of the largest answer that is read, unless Options say otherwise.
const MaxBytes = 64 << 20

// Tries of one request, and the longest pause between two.
const (
	Tries    = 3
	maxPause = 30 * time.Second
)

// Answer is what a server says. Status is 200, or 304 to a conditional request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New makes the site of the source called title; address is http or https.
func New(title, address string, o Options) (*Site, error) {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil {
		return nil, fmt.Errorf("inventory source %s: %q is no address to fetch from; write one such as https://inventory.example/boards.yaml, and a token into a file", title, address)
	}
	client := http.Client{Timeout: time.Minute}
	if o.Client != nil {
		client = *o.Client
	}
	if o.CA != "" {
		transport, err := trusting(o.CA)
		if err != nil {
			return nil, fmt.Errorf("inventory source %s: %w", title, err)
		}
		client.Transport = transport
	}
	client.CheckRedirect = sameOrigin
	o.Client = &client
	o.MaxBytes = cmp.Or(o.MaxBytes, MaxBytes)
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Authorize == nil {
		o.Authorize = func(r *http.Request, secret string) { r.Header.Set("Authorization", "Bearer "+secret) }
	}
	return &Site{title: title, at: at, o: o}, nil
}

// sameOrigin follows redirects only to the server that was named.
func sameOrigin(to *http.Request, via []*http.Request) error {
	from := via[0].URL
	if to.URL.Scheme != from.Scheme || to.URL.Host != from.Host {
		return fmt.Errorf("it redirects to %s://%s, which is not followed; write the address that is meant", to.URL.Scheme, to.URL.Host)
	}
	if len(via) > 5 {
		return errors.New("it redirects in circles")
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// At is the address, for people.
func (s *Site) At() *url.URL { at := *s.at; return &at }

// retryError is a failure that may be over soon.
type retryError struct {
	err   error
	after time.Duration // what the server asks for; 0: nothing
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// ErrNotFound says that the server has nothing at an address.
var ErrNotFound = errors.New("there is nothing")

// Again marks an error of Get's take as one that may be over soon.
func Again(err error) error { return &retryError{err: err} }

// Get asks for u, which is on the site, and hands what it answers to take. What
// may be over soon is tried again, take included. The error names source and
// address.
func (s *Site) Get(ctx context.Context, u *url.URL, header http.Header, take func(Answer) error) error {
	for try := 1; ; try++ {
		err := s.once(ctx, u, header, take)
		var again *retryError
		if err == nil {
			return nil
		}
		if try == Tries || !errors.As(err, &again) || s.o.Pause(ctx, min(maxPause, max(again.after, time.Second<<try))) != nil {
			return fmt.Errorf("inventory source %s: %s: %w", s.title, u.Redacted(), err)
		}
	}
}

func (s *Site) once(ctx context.Context, u *url.URL, header http.Header, take func(Answer) error) error {
	req, err := s.request(ctx, u, header)
	if err != nil {
		return err
	}
	res, err := s.o.Client.Do(req)
	if err != nil {
		return &retryError{err: reason(err)}
	}
	defer func() { _ = res.Body.Close() }() // read only
	conditional := header.Get("If-None-Match")+header.Get("If-Modified-Since") != ""
	if res.StatusCode != http.StatusOK && !(conditional && res.StatusCode == http.StatusNotModified) {
		return refusal(res)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, s.o.MaxBytes+1))
	if err != nil {
		return &retryError{err: fmt.Errorf("the answer is cut off after %d bytes: %w", len(data), err)}
	}
	if int64(len(data)) > s.o.MaxBytes {
		return fmt.Errorf("the answer is larger than %d MiB; is it the right address?", s.o.MaxBytes>>20)
	}
	return take(Answer{Status: res.StatusCode, Header: res.Header, Body: data})
}

func (s *Site) request(ctx context.Context, u *url.URL, header http.Header) (*http.Request, error) {
	if u.Scheme != s.at.Scheme || u.Host != s.at.Host {
		return nil, fmt.Errorf("it is not on %s, and not asked", s.at.Host)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	secret, err := s.o.Token.read()
	if err != nil {
		return nil, err
	}
	if secret != "" {
		s.o.Authorize(req, secret)
	}
	return req, nil
}

// reason is what went wrong, without the address that url.Error repeats.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refusal is an answer that is no list.
func refusal(res *http.Response) error {
	err := fmt.Errorf("the server answers %s", res.Status)
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: it does not accept the token (or user and password), or wants one; see token_file and token_env", err)
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // a date, or nothing, is none
		return &retryError{err, time.Duration(min(max(seconds, 0), 3600)) * time.Second}
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %w", err, ErrNotFound)
	case res.StatusCode == http.StatusBadRequest:
		return fmt.Errorf("%w: %s", err, excerpt(res.Body))
	}
	return err
}

// excerpt is the beginning of an answer that says what is wrong.
func excerpt(r io.Reader) string {
	const enough = 300
	text, _ := io.ReadAll(io.LimitReader(r, enough)) // what there is of it
	return strconv.Quote(string(text))
}
