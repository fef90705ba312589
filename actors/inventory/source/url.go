package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"mozpool/actors/inventory"
)

// URL is an address that answers with the format of boards.yaml, JSON or CSV.
// Make it with NewURL.
type URL struct {
	title  string
	at     *url.URL
	token  Token
	power  inventory.ParsePower
	client *http.Client
	pause  func(ctx context.Context, d time.Duration) error

	etag, modified string // of last
	last           []inventory.Record
}

// URLOptions say how to ask. The zero value will do.
type URLOptions struct {
	Token  Token
	Power  inventory.ParsePower
	Client *http.Client // its CheckRedirect is replaced; nil: one that gives up after a minute
	// Pause waits before another try; nil: it does.
	Pause func(ctx context.Context, d time.Duration) error
}

// Token says where a bearer token stands. It is read anew for each fetch, so
// that it can be exchanged. The zero Token is none.
type Token struct {
	File string // path
	Env  string // name of a variable
}

// tries of one fetch, and the longest pause between two.
const (
	tries    = 3
	maxPause = 30 * time.Second
)

// NewURL makes the source called title; address is http or https.
func NewURL(title, address string, o URLOptions) (*URL, error) {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil {
		return nil, fmt.Errorf("inventory source %s: %q is no address to fetch from; write one such as https://inventory.example/boards.yaml, and a token into a file", title, address)
	}
	client := http.Client{Timeout: time.Minute}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = sameOrigin
	if o.Pause == nil {
		o.Pause = pause
	}
	return &URL{title: title, at: at, token: o.Token, power: o.Power, client: &client, pause: o.Pause}, nil
}

// sameOrigin follows redirects only to the server that was named: neither a
// token nor the truth about boards may be handed to another.
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

// Name implements Source.
func (u *URL) Name() string { return u.title }

// Where implements Source.
func (u *URL) Where() string { return u.at.Redacted() }

// retryError is a failure that may be over soon.
type retryError struct {
	err   error
	after time.Duration // what the server asks for; 0: nothing
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// Fetch implements Source. What may be over soon is tried again.
func (u *URL) Fetch(ctx context.Context) ([]inventory.Record, error) {
	for try := 1; ; try++ {
		records, err := u.once(ctx)
		var again *retryError
		if err == nil {
			return records, nil
		}
		if try == tries || !errors.As(err, &again) || u.pause(ctx, min(maxPause, max(again.after, time.Second<<try))) != nil {
			return nil, fmt.Errorf("inventory source %s: %s: %w", u.title, u.Where(), err)
		}
	}
}

func (u *URL) once(ctx context.Context) ([]inventory.Record, error) {
	req, err := u.request(ctx)
	if err != nil {
		return nil, err
	}
	res, err := u.client.Do(req)
	if err != nil {
		return nil, &retryError{err: reason(err)}
	}
	defer func() { _ = res.Body.Close() }() // read only
	switch {
	case res.StatusCode == http.StatusNotModified && u.etag+u.modified != "":
		return u.last, nil
	case res.StatusCode != http.StatusOK:
		return nil, refusal(res)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxBytes+1))
	if err != nil {
		return nil, &retryError{err: fmt.Errorf("the answer is cut off after %d bytes: %w", len(data), err)}
	}
	records, err := parse(u.title, isCSV(u.at.Path, res.Header.Get("Content-Type")), data, u.power)
	if err != nil {
		return nil, err
	}
	u.etag, u.modified, u.last = res.Header.Get("ETag"), res.Header.Get("Last-Modified"), records
	return records, nil
}

// reason is what went wrong, without the address that url.Error repeats.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (u *URL) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.at.String(), nil)
	if err != nil {
		return nil, err
	}
	token, err := u.token.read()
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if u.etag != "" {
		req.Header.Set("If-None-Match", u.etag)
	}
	if u.modified != "" {
		req.Header.Set("If-Modified-Since", u.modified)
	}
	return req, nil
}

// refusal is an answer that is no list.
func refusal(res *http.Response) error {
	err := fmt.Errorf("the server answers %s", res.Status)
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: it does not accept the token, or wants one; see token_file and token_env", err)
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // a date, or nothing, is none
		return &retryError{err, time.Duration(min(max(seconds, 0), 3600)) * time.Second}
	}
	return err
}

// read gets the token; empty: there is none.
func (t Token) read() (string, error) {
	if t.Env != "" {
		if v := os.Getenv(t.Env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the variable %s that should hold the token is empty; set it where the server is started", t.Env)
	}
	if t.File == "" {
		return "", nil
	}
	data, err := os.ReadFile(t.File)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := bytes.TrimSpace(data)
	if len(token) == 0 {
		return "", fmt.Errorf("the token file %s is empty", t.File)
	}
	return string(token), nil
}
