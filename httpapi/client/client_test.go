package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	v1 "mozpool/httpapi/v1"
)

// serve answers every request with h and gives a client of it.
func serve(t *testing.T, h http.HandlerFunc, opt Options) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	c, err := New(s.URL+"/", opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseIdle(); s.Close() })
	return c
}

func TestProblemsAreDecoded(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"status":409,"kind":"refused","detail":"busy","remedy":"wait"}`))
	}, Options{})
	_, err := c.Accept(t.Context(), "b1")
	var p *Problem
	if !errors.As(err, &p) || p.Kind != v1.KindRefused || err.Error() != "busy; wait" {
		t.Errorf("%v", err)
	}
}

func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"a proxy's page": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<h1>502</h1>", http.StatusBadGateway) },
		"a redirect":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusMovedPermanently) },
		"no JSON":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
	} {
		if _, err := serve(t, h, Options{}).Board(t.Context(), "b1"); err == nil {
			t.Errorf("%s was taken for a board", name)
		}
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		_, _ = w.Write([]byte(`{}`))
	}, Options{Token: "secret", User: "ann"})
	if _, err := c.Cancel(t.Context(), "a/b c", v1.CancelOrder{Force: true}); err != nil {
		t.Fatal(err)
	}
	h := got.Header
	if got.URL.EscapedPath() != "/api/v1/boards/a%2Fb%20c/cancel" || h.Get("Authorization") != "Bearer secret" || h.Get(v1.UserHeader) != "ann" ||
		h.Get(v1.IdempotencyKey) == "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", got.URL.EscapedPath(), h)
	}
	if _, err := c.SetState(t.Context(), "b1", 7, "new"); err != nil || got.Header.Get("If-Match") != `"7"` {
		t.Errorf("If-Match is %q, %v", got.Header.Get("If-Match"), err)
	}
}

func TestCancelledIsNotUnreachable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := serve(t, func(http.ResponseWriter, *http.Request) {}, Options{})
	_, err := c.Images(ctx)
	var gone *Unreachable
	if errors.As(err, &gone) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestFollowSkipsSignsOfLife(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("\n{\"text\":\"a\"}\n\n\n{\"text\":\"b\"}\n"))
	}, Options{})
	var texts []string
	err := c.Follow(t.Context(), "b1", LogQuery{}, func(l v1.Line) error {
		texts = append(texts, l.Text)
		return nil
	})
	if err != nil || strings.Join(texts, "") != "ab" {
		t.Errorf("%v %v", texts, err)
	}
}
