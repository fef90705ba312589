package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// Dumps are the crash dumps that a board left on this server, the oldest first.
func (c *Client) Dumps(ctx context.Context, board string) ([]v1.Dump, error) {
	var a v1.Dumps
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", board, "dumps"}}, &a)
	return a.Dumps, err
}

// ReadDump copies a crash dump to w; there is no limit of time but ctx.
func (c *Client) ReadDump(ctx context.Context, board, name string, w io.Writer) error {
	res, err := c.send(ctx, call{method: http.MethodGet, path: []string{"boards", board, "dumps", name}})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("read crash dump %s of %s: %w", name, board, err)
	}
	return nil
}

// DeleteDump removes a crash dump from this server.
func (c *Client) DeleteDump(ctx context.Context, board, name string) error {
	return c.do(ctx, call{method: http.MethodPost, path: []string{"boards", board, "dumps", name, "delete"}}, nil)
}
