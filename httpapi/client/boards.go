package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Query chooses boards; empty fields take all.
type Query struct {
	Rack   string
	State  string   // names of states separated by commas; failed: all of failed_…
	Labels []string // key or key=value; all must fit
	Image  string
	Text   string // anywhere in what people know a board by
}

func (q Query) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"rack": q.Rack, "state": q.State, "image": q.Image, "text": q.Text} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for _, l := range q.Labels {
		v.Add("label", l)
	}
	return v
}

// Boards are all boards that fit, sorted by name, from as many pages as it takes.
func (c *Client) Boards(ctx context.Context, q Query) ([]v1.Board, error) {
	values := q.values()
	values.Set("limit", "1000")
	all := []v1.Board{}
	for {
		var page v1.Boards
		if err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards"}, query: values}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Boards...)
		if page.Next == "" {
			return all, nil
		}
		values.Set("cursor", page.Next)
	}
}

// Board is one board.
func (c *Client) Board(ctx context.Context, name string) (v1.Board, error) {
	var b v1.Board
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name}}, &b)
	return b, err
}

// Image asks for an image on a board.
func (c *Client) Image(ctx context.Context, name string, w v1.ImageWish) (v1.Accepted, error) {
	return c.post(ctx, name, "image", w)
}

// ImageOnce is Image under an Idempotency-Key of the caller's: the same again, at whichever server, does nothing more.
func (c *Client) ImageOnce(ctx context.Context, name string, w v1.ImageWish, key string) (v1.Accepted, error) {
	var a v1.Accepted
	once := http.Header{v1.IdempotencyKey: {key}}
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"boards", name, "image"}, body: w, header: once}, &a)
	return a, err
}

// Wish asks for anything but an image: power-on, power-off, power-cycle, self-test, maintenance.
func (c *Client) Wish(ctx context.Context, name string, want board.Want) (v1.Accepted, error) {
	return c.post(ctx, name, string(want), nil)
}

// Cancel ends a board's wish.
func (c *Client) Cancel(ctx context.Context, name string, o v1.CancelOrder) (v1.Accepted, error) {
	return c.post(ctx, name, "cancel", o)
}

// Accept declares a board good as it stands.
func (c *Client) Accept(ctx context.Context, name string) (v1.Accepted, error) {
	return c.post(ctx, name, "accept", nil)
}

// Lock keeps automation and other people away from a board.
func (c *Client) Lock(ctx context.Context, name string, o v1.LockOrder) (v1.Accepted, error) {
	return c.post(ctx, name, "lock", o)
}

// Unlock ends a lock.
func (c *Client) Unlock(ctx context.Context, name string) (v1.Accepted, error) {
	return c.post(ctx, name, "unlock", nil)
}

func (c *Client) post(ctx context.Context, name, verb string, body any) (v1.Accepted, error) {
	var a v1.Accepted
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"boards", name, verb}, body: body}, &a)
	return a, err
}

// SetState sets a board's state if it is still in the visit that the caller saw.
func (c *Client) SetState(ctx context.Context, name string, visit uint64, to board.State) (v1.Accepted, error) {
	var a v1.Accepted
	match := http.Header{"If-Match": {strconv.Quote(strconv.FormatUint(visit, 10))}}
	err := c.do(ctx, call{method: http.MethodPut, path: []string{"boards", name, "state"}, body: v1.StateOrder{State: to}, header: match}, &a)
	return a, err
}

// Why explains a board.
func (c *Client) Why(ctx context.Context, name string) (v1.Why, error) {
	var w v1.Why
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "why"}}, &w)
	return w, err
}

// Attempts are the last attempts of a board that have ended, newest first; limit 0: as many as the server likes.
func (c *Client) Attempts(ctx context.Context, name string, limit int) ([]v1.Attempt, error) {
	var a v1.Attempts
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "attempts"}, query: limited(limit)}, &a)
	return a.Attempts, err
}

// History are the last transitions of a board, newest first; limit 0: as many as the server likes.
func (c *Client) History(ctx context.Context, name string, limit int) ([]v1.Transition, error) {
	var h v1.History
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "history"}, query: limited(limit)}, &h)
	return h.Transitions, err
}

func limited(limit int) url.Values {
	q := url.Values{}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// Attempt is one attempt, running or ended, with its transitions and details.
func (c *Client) Attempt(ctx context.Context, name string, number uint32) (v1.AttemptDetail, error) {
	var a v1.AttemptDetail
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "attempts", strconv.FormatUint(uint64(number), 10)}}, &a)
	return a, err
}
