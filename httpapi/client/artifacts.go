package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	v1 "mozpool/httpapi/v1"
)

// Artifacts are all files of the server's store, uploads first, then sorted by hash.
func (c *Client) Artifacts(ctx context.Context) ([]v1.StoredArtifact, error) {
	var a v1.StoredArtifacts
	err := c.get(ctx, "artifacts", &a)
	return a.Artifacts, err
}

// Artifact is one upload. One that is not there is a *Problem of kind not_found.
func (c *Client) Artifact(ctx context.Context, sum string) (v1.StoredArtifact, error) {
	var a v1.StoredArtifact
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"artifacts", sum}}, &a)
	return a, err
}

// PutArtifact uploads size bytes that have this hash; there is no limit of time but ctx. name is what people call the
// file: its suffix tells how it is packed.
func (c *Client) PutArtifact(ctx context.Context, sum, name string, size int64, body io.Reader) (v1.StoredArtifact, error) {
	var a v1.StoredArtifact
	res, err := c.send(ctx, call{method: http.MethodPut, path: []string{"artifacts", sum}, query: url.Values{"name": {name}}, file: body, size: size})
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }() // read only
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&a); err != nil {
		return a, fmt.Errorf("read what %s says of artifact %s: %w", c.base.Host, sum, err)
	}
	return a, nil
}

// ImportArtifact has the server fetch a file; it waits longer than the server does.
func (c *Client) ImportArtifact(ctx context.Context, order v1.ImportOrder) (v1.StoredArtifact, error) {
	patient := *c
	patient.opt.Timeout = max(c.opt.Timeout, 7*time.Hour)
	var a v1.StoredArtifact
	err := patient.do(ctx, call{method: http.MethodPost, path: []string{"artifacts", "import"}, body: order}, &a)
	return a, err
}

// DeleteArtifact deletes an upload that nobody uses.
func (c *Client) DeleteArtifact(ctx context.Context, sum string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"artifacts", sum}}, nil)
}

// Prune clears the server's store of what nobody has used for so long (12h, 7d); empty: for as long as its configuration
// says.
func (c *Client) Prune(ctx context.Context, unused string, dry bool) (v1.Pruned, error) {
	var p v1.Pruned
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"artifacts", "prune"}, body: v1.PruneOrder{UnusedFor: unused, DryRun: dry}}, &p)
	return p, err
}
