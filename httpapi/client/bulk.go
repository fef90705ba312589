package client

import (
	"context"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// Bulk asks the same of several boards. The error is of the order itself; each board's answer is in the results.
func (c *Client) Bulk(ctx context.Context, o v1.BulkOrder) (v1.BulkResults, error) {
	var r v1.BulkResults
	err := c.do(ctx, call{method: http.MethodPost, path: []string{"bulk"}, body: o}, &r)
	return r, err
}

// Comment says something about a board to whoever looks at it.
func (c *Client) Comment(ctx context.Context, name, text string) (v1.Accepted, error) {
	return c.post(ctx, name, "comment", v1.CommentOrder{Comment: text})
}

// Label sets labels of a board, and takes off those that are nil.
func (c *Client) Label(ctx context.Context, name string, o v1.LabelOrder) (v1.Accepted, error) {
	return c.post(ctx, name, "label", o)
}
