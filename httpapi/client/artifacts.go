package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	v1 "mozpool/httpapi/v1"
)

// Artifacts are all files that were uploaded to the server, sorted by hash.
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

// DeleteArtifact deletes an upload that nobody uses.
func (c *Client) DeleteArtifact(ctx context.Context, sum string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"artifacts", sum}}, nil)
}
