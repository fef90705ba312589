package client

import (
	"context"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// RepairList are the boards that somebody should go to, in walking order.
func (c *Client) RepairList(ctx context.Context) ([]v1.ToRepair, error) {
	var a v1.RepairList
	err := c.get(ctx, "repairs", &a)
	return a.Boards, err
}

// Repairs are the last repairs of a board, the newest first.
func (c *Client) Repairs(ctx context.Context, name string) ([]v1.Repair, error) {
	var a v1.Repairs
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"boards", name, "repairs"}}, &a)
	return a.Repairs, err
}

// Repaired says that a part of a board was mended. The server verifies the board, and puts its image back.
func (c *Client) Repaired(ctx context.Context, name string, o v1.RepairOrder) (v1.Accepted, error) {
	return c.post(ctx, name, "repaired", o)
}

// ClearImage ends the suspicion against an image, and returns the incidents that it closed.
func (c *Client) ClearImage(ctx context.Context, image string) ([]v1.Incident, error) {
	var a v1.Incidents
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"images", image, "clear"}}, &a)
	return a.Incidents, err
}
