package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	v1 "mozpool/httpapi/v1"
)

// LogQuery chooses lines of a log; zero fields take all, Tail 0 as many as the server likes.
type LogQuery struct {
	Since    string // a time (RFC 3339), or how long ago: 10m
	Until    string // likewise
	Source   string
	Severity string // this and worse: err, or 0 to 7
	Text     string
	Tail     int
}

func (q LogQuery) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"since": q.Since, "until": q.Until, "source": q.Source, "severity": q.Severity, "text": q.Text} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Tail > 0 {
		v.Set("tail", strconv.Itoa(q.Tail))
	}
	return v
}

// Log are the lines of a board's log, oldest first, whether all servers gave theirs or not.
func (c *Client) Log(ctx context.Context, name string, q LogQuery) ([]v1.Line, error) {
	l, err := c.LogOfAll(ctx, name, q)
	return l.Lines, err
}

// LogOfAll is a board's log, the oldest line first, and the servers of a cluster whose lines are missing in it.
func (c *Client) LogOfAll(ctx context.Context, name string, q LogQuery) (v1.Log, error) {
	var l v1.Log
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "log"}, query: q.values()}, &l)
	return l, err
}

// Follow calls fn for each line that is there and each that comes, until ctx ends, fn returns an error, or the server
// stops, which is no error.
func (c *Client) Follow(ctx context.Context, name string, q LogQuery, fn func(v1.Line) error) error {
	return c.logStream(ctx, name, q, "follow", fn)
}

// ExportLog calls fn for every line of a board's log, oldest first, however many there are; Tail is not used.
func (c *Client) ExportLog(ctx context.Context, name string, q LogQuery, fn func(v1.Line) error) error {
	q.Tail = 0
	return c.logStream(ctx, name, q, "all", fn)
}

// logStream reads a log that comes as an object a line.
func (c *Client) logStream(ctx context.Context, name string, q LogQuery, how string, fn func(v1.Line) error) error {
	values := q.values()
	values.Set(how, "1")
	res, err := c.send(ctx, call{method: http.MethodGet, path: []string{"boards", name, "log"}, query: values})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	in := bufio.NewScanner(res.Body)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue // a sign of life
		}
		var l v1.Line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return fmt.Errorf("read the log of %s: %w", name, err)
		}
		if err := fn(l); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil && ctx.Err() == nil {
		return &Unreachable{Server: c.Server(), Err: err}
	}
	return ctx.Err()
}

// Images are all images, sorted by name.
func (c *Client) Images(ctx context.Context) ([]v1.Image, error) {
	var a v1.Images
	err := c.get(ctx, "images", &a)
	return a.Images, err
}

// Hardware are all hardware types, sorted by name.
func (c *Client) Hardware(ctx context.Context) ([]v1.Hardware, error) {
	var a v1.HardwareTypes
	err := c.get(ctx, "hardware", &a)
	return a.Hardware, err
}

// Racks are all racks, sorted by name.
func (c *Client) Racks(ctx context.Context) ([]v1.Rack, error) {
	var a v1.Racks
	err := c.get(ctx, "racks", &a)
	return a.Racks, err
}

// Discovered are the MAC addresses that asked for a boot entry and belong to no board, the latest first.
func (c *Client) Discovered(ctx context.Context) ([]v1.Stranger, error) {
	var a v1.Discovered
	err := c.get(ctx, "discovered", &a)
	return a.Discovered, err
}

// Webhooks are those who are told of events.
func (c *Client) Webhooks(ctx context.Context) ([]v1.Webhook, error) {
	var a v1.Webhooks
	err := c.get(ctx, "webhooks", &a)
	return a.Webhooks, err
}

func (c *Client) get(ctx context.Context, what string, dst any) error {
	return c.do(ctx, call{method: http.MethodGet, path: []string{what}}, dst)
}

// ServerInfo says what the server is, and how it is.
func (c *Client) ServerInfo(ctx context.Context) (v1.Server, error) {
	var s v1.Server
	err := c.get(ctx, "server", &s)
	return s, err
}

// SetLogLevel changes how much the server's own log tells, to DEBUG, INFO, WARN or ERROR, and returns what it is now.
func (c *Client) SetLogLevel(ctx context.Context, level string) (string, error) {
	var now v1.LogLevel
	err := c.do(ctx, call{method: http.MethodPut, path: []string{"server", "log-level"}, body: v1.LogLevel{Level: level}}, &now)
	return now.Level, err
}

// Reload has the server read boards and images again. A bad file changes nothing and is a *Problem.
func (c *Client) Reload(ctx context.Context) error {
	return c.do(ctx, call{method: http.MethodPost, path: []string{"reload"}}, nil)
}
