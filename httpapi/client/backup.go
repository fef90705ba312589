package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Backup copies a backup of the server to w, with the artifacts or only with their names. Whether it is whole, only its own end tells (package backup); there is no
// limit of time but ctx.
func (c *Client) Backup(ctx context.Context, w io.Writer, artifacts bool) error {
	query := url.Values{}
	if !artifacts {
		query.Set("without_artifacts", "1")
	}
	res, err := c.send(ctx, call{method: http.MethodPost, path: []string{"backup"}, query: query})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read only
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("take the backup of %s: %w", c.Server(), err)
	}
	return nil
}
