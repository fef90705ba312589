package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fasthttp keeps one goroutine that ticks the Date header for the life of the process, and one that looks every 10 s
// whether its server has ended.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// start runs a server on loopback until the test ends.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	return run(t, New(testConfig(cfg)))
}

func testConfig(cfg Config) Config {
	cfg.Listen = "127.0.0.1:0"
	if cfg.Fleet == nil {
		cfg.Fleet = &apitest.Fleet{}
	}
	cfg.Clock = func() time.Time { return apitest.Now }
	return cfg
}

func run(t *testing.T, s *Server) *Server {
	t.Helper()
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return s
}

// call sends a request; headers are "Name: value".
func call(t *testing.T, s *Server, method, path, body string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read only
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if old := strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, v1.Prefix); !old { // that has golden files
		if err := judge().Exchange(req, []byte(body), res, data); err != nil {
			t.Error(err)
		}
	}
	return res, data
}

// wantProblem checks that an answer is a whole problem of a kind.
func wantProblem(t *testing.T, res *http.Response, body []byte, status int, kind v1.Kind) v1.Problem {
	t.Helper()
	var p v1.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%d %q is no problem: %v", res.StatusCode, body, err)
	}
	if res.StatusCode != status || p.Status != status || p.Kind != kind {
		t.Errorf("got %d, %+v; want %d %s", res.StatusCode, p, status, kind)
	}
	if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type is %q", ct)
	}
	if p.Detail == "" || p.Remedy == "" || p.Title == "" {
		t.Errorf("%+v leaves something out", p)
	}
	return p
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}
