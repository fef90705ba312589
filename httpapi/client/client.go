// Package client talks to a server of mozpool through API v1.
//
// It decides how long to wait, and what became of a request: an answer, a *Problem that the server explained, or an
// *Unreachable. It refuses to try again by itself, since only the caller knows whether to wait; every POST carries
// an Idempotency-Key of its own, so that a proxy that sends it twice does no harm. Called by the command line.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
)

// Options say who asks, and how patiently. The zero value will do.
type Options struct {
	Token   string        // bearer token; empty: none is sent
	User    string        // the name that the server shows; empty: none is sent
	Timeout time.Duration // for a request and its answer, but not for a followed log; 0: 30s
	TLS     *tls.Config   // of https; nil: those are trusted whom the machine trusts
	HTTP    *http.Client  // nil: one with what stands above and no redirects
}

// Client talks to one server. It is safe for all goroutines.
type Client struct {
	base *url.URL
	opt  Options
	http *http.Client
}

const maxAnswer = 256 << 20 // bytes; a page of 1000 boards has 1 MB

// New makes a client of the server at base, such as http://127.0.0.1:8080; no request is made.
func New(base string, opt Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address of a server; write one such as http://127.0.0.1:8080", base)
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 30 * time.Second
	}
	c := &Client{base: u, opt: opt, http: opt.HTTP}
	if c.http == nil {
		// A redirect would turn a wish into a GET; no server of ours sends one.
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = opt.TLS
		c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return c, nil
}

// Server is the address that the client talks to.
func (c *Client) Server() string { return c.base.String() }

// CloseIdle closes connections that wait for a next request.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// call is one request.
type call struct {
	method string
	path   []string // below /api/v1, each part unescaped
	query  url.Values
	body   any // nil: none
	header http.Header
	file   io.Reader // a body of size bytes that is no JSON; nil: none
	size   int64
}

// do sends a call and decodes the answer into dst; nil: the answer is not wanted.
func (c *Client) do(ctx context.Context, k call, dst any) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	res, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	if dst == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(dst); err != nil {
		return fmt.Errorf("read the answer of %s to %s: %w", c.base.Host, k.what(), err)
	}
	return nil
}

func (k call) what() string { return k.method + " " + strings.Join(k.path, "/") }

// send sends a call. An answer that is no success is an error.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	req, err := c.request(ctx, k)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("%s: %w", k.what(), context.Canceled)
	}
	if err != nil {
		return nil, &Unreachable{Server: c.base.String(), Err: err}
	}
	if res.StatusCode/100 != 2 {
		defer func() { _ = res.Body.Close() }() // read only
		return nil, problemOf(res)
	}
	return res, nil
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	if slices.Contains(k.path, "") {
		return nil, ErrNoName
	}
	var body io.Reader
	if k.body != nil {
		data, err := json.Marshal(k.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.what(), err)
		}
		body = bytes.NewReader(data)
	}
	if k.file != nil {
		body = io.NopCloser(k.file)
	}
	u := *c.base
	escaped := make([]string, len(k.path))
	for i, p := range k.path {
		escaped[i] = url.PathEscape(p)
	}
	u.Path = c.base.Path + v1.Prefix + "/" + strings.Join(k.path, "/")
	u.RawPath = c.base.EscapedPath() + v1.Prefix + "/" + strings.Join(escaped, "/")
	u.RawQuery = k.query.Encode()
	req, err := http.NewRequestWithContext(ctx, k.method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.what(), err)
	}
	if k.file != nil {
		req.ContentLength = k.size
	}
	c.headers(req, k)
	return req, nil
}

func (c *Client) headers(req *http.Request, k call) {
	req.Header.Set("User-Agent", "mozpool")
	req.Header.Set("Accept", "application/json")
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.file != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	if c.opt.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.opt.Token)
	}
	if c.opt.User != "" {
		req.Header.Set(v1.UserHeader, c.opt.User)
	}
	if k.method == http.MethodPost {
		req.Header.Set(v1.IdempotencyKey, rand.Text())
	}
	for name, values := range k.header {
		req.Header[name] = values
	}
}
