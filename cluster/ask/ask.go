// Package ask carries questions between the servers of a cluster.
//
// It decides how a question travels: one envelope with a version, an id and a
// deadline, over connections that the caller has made safe. The same id is
// carried out once at one server, however often it comes. It refuses to know
// what is asked, who owns what, and whether asking again is harmless: package
// house does, which asks through it. Whoever is asked learns the node of the
// asker from its certificate, never from the question.
package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	version = 1
	path    = "/ask"
	maxBody = 4 << 20 // bytes of a question, and of an answer
	// patience is for a connection to be made; a server that is there answers within it.
	patience = 2 * time.Second
)

// The headers that say how long the asker waits, and of which version it is.
const (
	headerDeadline = "Mozpool-Deadline-Ms"
	headerVersion  = "Mozpool-Version"
)

// What became of a question without an answer.
var (
	// ErrNotSent: the other server has certainly not carried it out.
	ErrNotSent = errors.New("the question did not reach the server")
	// ErrLost: it may have been carried out. Ask again with the same id.
	ErrLost = errors.New("the server has not answered")
)

// Question is one question. Body is JSON, whatever asker and asked agree on.
type Question struct {
	ID      string          `json:"id"`      // the same again is answered from memory; empty: always carried out
	Subject string          `json:"subject"` // what it is about
	Body    json.RawMessage `json:"body,omitempty"`
	From    string          `json:"-"` // the asker's node, by its certificate
}

// Client asks.
type Client struct{ http *http.Client }

// NewClient asks over connections that dial makes, and keeps them for the next question.
func NewClient(dial func(ctx context.Context, address string) (net.Conn, error)) *Client {
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			c, err := dial(ctx, address)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
			}
			return c, nil
		},
		MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}}
}

// Ask asks the server at address and decodes its answer, until ctx ends. Errors are ErrNotSent and ErrLost.
func (c *Client) Ask(ctx context.Context, address string, q Question, answer any) error {
	data, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode a question about %s: %w: %w", q.Subject, ErrNotSent, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("ask the server at %s: %w: %w", address, ErrNotSent, err)
	}
	// net/http sends a request again by itself if an idle connection turns out to be closed; the id makes that harmless.
	req.Header.Set("Idempotency-Key", q.ID)
	req.Header.Set(headerVersion, strconv.Itoa(version))
	if until, ok := ctx.Deadline(); ok {
		req.Header.Set(headerDeadline, strconv.FormatInt(max(time.Until(until).Milliseconds(), 1), 10))
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server at %s about %s: %w", address, q.Subject, lost(err))
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	data, err = io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		return fmt.Errorf("ask the server at %s about %s: %w: %w", address, q.Subject, ErrLost, err)
	case res.StatusCode == http.StatusBadRequest:
		return fmt.Errorf("ask the server at %s about %s: %w: %s", address, q.Subject, ErrNotSent, bytes.TrimSpace(data))
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("ask the server at %s about %s: %w: %s", address, q.Subject, ErrLost, bytes.TrimSpace(data))
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("read what the server at %s says about %s: %w: %w", address, q.Subject, ErrLost, err)
	}
	return nil
}

// lost says what an error of the client means: only what dial could not do was certainly not done.
func lost(err error) error {
	if errors.Is(err, ErrNotSent) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
