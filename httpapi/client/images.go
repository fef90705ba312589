package client

import (
	"context"
	"net/http"
	"time"

	v1 "mozpool/httpapi/v1"
)

// ImageDetail is one image, with what became of it on boards.
func (c *Client) ImageDetail(ctx context.Context, name string) (v1.ImageDetail, error) {
	var i v1.ImageDetail
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"images", name}}, &i)
	return i, err
}

// VerifyImage has the server hash an image's artifacts again, which takes as long as reading them.
func (c *Client) VerifyImage(ctx context.Context, name string) (v1.Verification, error) {
	patient := *c
	patient.opt.Timeout = max(c.opt.Timeout, 11*time.Minute)
	var v v1.Verification
	err := patient.do(ctx, call{method: http.MethodPost, path: []string{"images", name, "verify"}}, &v)
	return v, err
}

// HardwareType is one hardware type.
func (c *Client) HardwareType(ctx context.Context, name string) (v1.Hardware, error) {
	var h v1.Hardware
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"hardware", name}}, &h)
	return h, err
}

// PutImage makes an image of uploads, or a new revision of it, which takes as long as reading what is new. onlyNew: an
// image of this name is a *Problem of kind mismatch.
func (c *Client) PutImage(ctx context.Context, name string, entry v1.ImageEntry, onlyNew bool) (v1.Image, error) {
	patient := *c
	patient.opt.Timeout = max(c.opt.Timeout, 30*time.Minute)
	header := http.Header{}
	if onlyNew {
		header.Set("If-None-Match", "*")
	}
	var i v1.Image
	err := patient.do(ctx, call{method: http.MethodPut, path: []string{"images", name}, body: entry, header: header}, &i)
	return i, err
}

// RemoveImage removes an image that came by the API.
func (c *Client) RemoveImage(ctx context.Context, name string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"images", name}}, nil)
}
