package running

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	p, err := ListenProfiles(t.Context(), "127.0.0.1:0", func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer admin" })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for _, c := range []struct {
		token, host string
		status      int
	}{{"admin", "", 200}, {"viewer", "", 401}, {"", "", 401}, {"admin", "evil.example", 403}, {"admin", "localhost:1", 200}} {
		if status, body := ask(t, p.URL()+"goroutine?debug=1", c.token, c.host); status != c.status || status == 200 && !strings.Contains(body, "goroutine profile") {
			t.Errorf("%+v: %d %s", c, status, body)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func ask(t *testing.T, url, token, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read only
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestProfilesAreForLoopback: memory is shown to nobody else.
func TestProfilesAreForLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":6060", "10.0.0.1:6060", "[::]:0", "localhost", ""} {
		if _, err := ListenProfiles(t.Context(), address, nil); err == nil || !strings.Contains(err.Error(), "127.0.0.1:6060") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
