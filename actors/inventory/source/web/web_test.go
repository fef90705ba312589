package web

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func site(t *testing.T, h http.HandlerFunc, o Options) *Site {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o.Client = server.Client()
	if o.Pause == nil {
		o.Pause = func(context.Context, time.Duration) error { return nil }
	}
	s, err := New("lab", server.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What take does not like may be right the next time, if it says so.
func TestTakeAsksAgain(t *testing.T) {
	t.Parallel()
	asked := 0
	s := site(t, func(http.ResponseWriter, *http.Request) { asked++ }, Options{})
	err := s.Get(t.Context(), s.At(), nil, func(Answer) error {
		if asked < Tries {
			return Again(errors.New("half a list"))
		}
		return nil
	})
	if err != nil || asked != Tries {
		t.Errorf("asked %d times: %v", asked, err)
	}
	asked = 0
	err = s.Get(t.Context(), s.At(), nil, func(Answer) error { return errors.New("nonsense") })
	if err == nil || asked != 1 || !strings.Contains(err.Error(), "inventory source lab: http://127.0.0.1:") {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// An address elsewhere is not asked, though nobody redirected to it, and the token stays here.
func TestStaysOnSite(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer other.Close()
	s := site(t, func(http.ResponseWriter, *http.Request) {}, Options{})
	u := s.At()
	u.Host = strings.TrimPrefix(other.URL, "http://")
	if err := s.Get(t.Context(), u, nil, func(Answer) error { return nil }); err == nil || reached.Load() {
		t.Error(err)
	}
}

// A certificate that nobody vouches for is an error that says so, and nothing is sent.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	s, err := New("lab", server.URL, Options{Pause: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Get(t.Context(), s.At(), nil, func(Answer) error { return nil }); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

// A server whose certificate a file vouches for is asked.
func TestCA(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "no.pem")
	for file, data := range map[string][]byte{good: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), bad: []byte("none")} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New("lab", server.URL, Options{CA: good})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Get(t.Context(), s.At(), nil, func(Answer) error { return nil }); err != nil || !asked {
		t.Error(err)
	}
	for _, file := range []string{bad, filepath.Join(dir, "missing.pem")} {
		if _, err := New("lab", server.URL, Options{CA: file}); err == nil || !strings.Contains(err.Error(), "source lab") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Whoever ends the sync does not wait for the next try.
func TestEndsBetweenTries(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := site(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway); cancel() }, Options{Pause: pause})
	if err := s.Get(ctx, s.At(), nil, func(Answer) error { return nil }); err == nil {
		t.Error("no error")
	}
}

func TestRefusalTellsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	s := site(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"role": "no such role"}`, http.StatusBadRequest)
	}, Options{})
	if err := s.Get(t.Context(), s.At(), nil, func(Answer) error { return nil }); err == nil || !strings.Contains(err.Error(), "no such role") {
		t.Error(err)
	}
}
