package client

import (
	"context"
	"net/http"
	"net/url"

	v1 "mozpool/httpapi/v1"
)

// Report is how boards fared since a time (RFC 3339), or for so long (7d); empty: as the server likes. rack empty: all.
func (c *Client) Report(ctx context.Context, since, rack string) (v1.Report, error) {
	var r v1.Report
	values := url.Values{}
	for name, text := range map[string]string{"since": since, "rack": rack} {
		if text != "" {
			values.Set(name, text)
		}
	}
	err := c.do(ctx, call{method: http.MethodGet, path: []string{"report"}, query: values}, &r)
	return r, err
}
