package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// EventQuery chooses events; empty fields take all.
type EventQuery struct {
	Board string // a name; * and ? may stand in it
	Rack  string
	State string // that boards enter, separated by commas; failed: all of failed_…
	Last  string // ID of the last event that was seen; empty: only what comes
	// Opened is called once the server answers, perhaps long before the first event. nil: nobody asks.
	Opened func()
}

// Happening is an event, or with Reset the news that some were missed: look at the boards again.
type Happening struct {
	v1.BoardEvent
	Reset bool
}

// Events calls fn for each transition of a board as it comes, until ctx ends, fn returns an error, or the connection
// breaks, which is an *Unreachable: call it again with the last ID.
func (c *Client) Events(ctx context.Context, q EventQuery, fn func(Happening) error) error {
	values := url.Values{}
	for name, text := range map[string]string{"board": q.Board, "rack": q.Rack, "state": q.State} {
		if text != "" {
			values.Set(name, text)
		}
	}
	k := call{method: http.MethodGet, path: []string{"events"}, query: values, header: http.Header{"Accept": {"text/event-stream"}}}
	if q.Last != "" {
		k.header.Set("Last-Event-ID", q.Last)
	}
	res, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	if q.Opened != nil {
		q.Opened()
	}
	in := bufio.NewScanner(res.Body)
	in.Buffer(nil, 1<<20)
	kind := ""
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "data":
			if err := happened(kind, value, fn); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Unreachable{Server: c.Server(), Err: fmt.Errorf("the stream of events ended: %w", orEOF(in.Err()))}
}

// orEOF gives a stream that ended by itself its error.
func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func happened(kind, data string, fn func(Happening) error) error {
	if kind == "reset" {
		return fn(Happening{Reset: true})
	}
	var h Happening
	if err := json.Unmarshal([]byte(data), &h.BoardEvent); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	return fn(h)
}
