package httpapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	v1 "mozpool/httpapi/v1"
)

// TestOrigins: what a page makes a browser send is done for pages of this server only, and not for one whose name was made
// to resolve to loopback.
func TestOrigins(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Fleet: fleet()})
	port := s.Addr()[strings.LastIndex(s.Addr(), ":"):]
	for _, c := range []struct {
		host, origin, token string
		status              int
	}{
		{"127.0.0.1" + port, "", "", 202},
		{"evil.example" + port, "", "", 202}, // no browser
		{"127.0.0.1" + port, "http://127.0.0.1" + port, "", 202},
		{"localhost" + port, "http://localhost" + port, "", 202},
		{"[::1]" + port, "http://[::1]" + port, "", 202},
		{"127.0.0.1" + port, "http://evil.example", "", 403},
		{"evil.example" + port, "http://evil.example" + port, "", 403},
		{"img1.example", "https://img1.example", "Bearer x", 202}, // a proxy that keeps the name, and sends a token
		{"127.0.0.1" + port, "null", "", 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+v1.Prefix+"/boards/b1/accept", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		for name, value := range map[string]string{"Origin": c.origin, "Authorization": c.token} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body) // shown only
		_ = res.Body.Close()            // read to its end
		if c.status == 202 && res.StatusCode/100 != 2 || c.status == 403 && res.StatusCode != 403 {
			t.Errorf("host %s, origin %s: %d %s, want %d", c.host, c.origin, res.StatusCode, body, c.status)
		}
	}
}
