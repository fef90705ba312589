package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/access"
)

// site is a configuration with one board, an old API for loopback, and what extra says of the API.
func site(t *testing.T, api string) (dir string, cfg config.Config) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "boards.yaml"), "boards:\n- {name: board1, mac: \"52:54:00:01:00:01\", rack: r1, hardware: panda}\n")
	path := filepath.Join(dir, "mozpool.yaml")
	write(t, path, "data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\""+api+"}\nold_api: {listen: \"127.0.0.1:0\", allow: [127.0.0.0/8]}\n"+
		"racks: {r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}}\n")
	cfg, problems, _ := config.Load(path)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return dir, cfg
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server until the test ends.
func serve(t *testing.T, cfg config.Config) *Server { return serveAt(t, cfg, 1) }

// serveAt is serve, with boards that live so many times as fast.
func serveAt(t *testing.T, cfg config.Config, speed float64) *Server {
	t.Helper()
	s, err := Open(t.Context(), cfg, Options{Version: "5", Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// status is what a request with a token gets.
func status(t *testing.T, method, url, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read only
	return res.StatusCode
}

func TestTokensAndTheirReload(t *testing.T) {
	dir, cfg := site(t, ", tokens: tokens.yaml")
	path := filepath.Join(dir, "tokens.yaml")
	_, err := Open(t.Context(), cfg, Options{})
	var coded interface{ ExitCode() int }
	if !errors.As(err, &coded) || coded.ExitCode() != 2 || !strings.Contains(err.Error(), "mozpool token create") {
		t.Fatalf("without the file: %v", err)
	}
	secret, token := access.Create(access.Token{Name: "ann", Role: access.Admin})
	if err := access.Save(path, []access.Token{token}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, cfg)
	boards := s.APIURL() + "/api/v1/boards"
	if a, b := status(t, "GET", boards, ""), status(t, "GET", boards, secret); a != 401 || b != 200 {
		t.Errorf("without a token %d, with it %d", a, b)
	}
	if a, b := status(t, "GET", s.APIURL()+"/api/device/list/", ""), status(t, "GET", s.oldAPI.URL()+"/api/device/list/", ""); a != 401 || b != 200 {
		t.Errorf("the old API answers %d here and %d on its own listener", a, b)
	}
	write(t, path, "tokens: 5\n")
	if err := s.Reload(t.Context()); err == nil || status(t, "GET", boards, secret) != 200 {
		t.Errorf("a bad file changed something: %v", err)
	}
	if got := status(t, "POST", s.APIURL()+"/api/v1/boards/board1/accept", secret); got != 202 {
		t.Errorf("accept: %d", got)
	}
	write(t, path, "tokens: []\n")
	if err := s.Reload(t.Context()); err != nil || status(t, "GET", boards, secret) != 401 {
		t.Errorf("the token still opens: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(cfg.Data, "audit.log"))
	if err != nil || !strings.Contains(string(data), `"who":"ann"`) || strings.Count(string(data), "\n") != 1 || strings.Contains(string(data), secret) {
		t.Errorf("the audit log has %q: %v", data, err)
	}
}

func TestBadCertificate(t *testing.T) {
	_, cfg := site(t, ", cert: none.pem, key: none.key")
	if _, err := Open(t.Context(), cfg, Options{}); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("%v", err)
	}
}
