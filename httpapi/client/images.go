package client

import (
	"context"
	"net/http"
	"strconv"
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

// Condition is what the sender of an entry believes; otherwise it is a *Problem of kind mismatch.
type Condition struct {
	New      bool   // there is none of this name
	Revision string // it is at this one; empty: at whichever
}

func (c Condition) header() http.Header {
	h := http.Header{}
	if c.New {
		h.Set("If-None-Match", "*")
	}
	if c.Revision != "" {
		h.Set("If-Match", strconv.Quote(c.Revision))
	}
	return h
}

// PutImage makes an image of uploads, or a new revision of it, which takes as long as reading what is new.
func (c *Client) PutImage(ctx context.Context, name string, entry v1.ImageEntry, cond Condition) (v1.Image, error) {
	patient := *c
	patient.opt.Timeout = max(c.opt.Timeout, 30*time.Minute)
	var i v1.Image
	err := patient.do(ctx, call{method: http.MethodPut, path: []string{"images", name}, body: entry, header: cond.header()}, &i)
	return i, err
}

// RemoveImage removes an image that came by the API.
func (c *Client) RemoveImage(ctx context.Context, name string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"images", name}}, nil)
}

// PutHardware makes a hardware type, or a new revision of it.
func (c *Client) PutHardware(ctx context.Context, name string, entry v1.HardwareEntry, cond Condition) (v1.Hardware, error) {
	var h v1.Hardware
	err := c.do(ctx, call{method: http.MethodPut, path: []string{"hardware", name}, body: entry, header: cond.header()}, &h)
	return h, err
}

// RemoveHardware removes a hardware type that came by the API.
func (c *Client) RemoveHardware(ctx context.Context, name string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"hardware", name}}, nil)
}
