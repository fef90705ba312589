package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/access"
)

// heard is a log that is read while it is written.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// Tokens, guesses at them and the keys of webhooks are in no log, however much it tells, in no answer, and not in the record
// of who changed what; nor is a token that somebody put into an address by mistake.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	dir, cfg := site(t, ", tokens: tokens.yaml")
	token, stored := access.Create(access.Token{Name: "ann", Role: access.Admin})
	if err := access.Save(filepath.Join(dir, "tokens.yaml"), []access.Token{stored}); err != nil {
		t.Fatal(err)
	}
	hash, err := stored.Hash.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	const key, guess = "k3y-of-the-webhook-that-nobody-sees", "mozpool_guessguessguessguessguessgues"
	write(t, filepath.Join(dir, "hook.secret"), key)
	told := make(chan struct{}, 8)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		told <- struct{}{}
		http.Error(w, "no", http.StatusInternalServerError) // so that the failure is logged
	}))
	defer hook.Close()
	cfg.Webhooks = []config.Webhook{{URL: hook.URL, SecretFile: filepath.Join(dir, "hook.secret")}}
	var log heard
	s, err := Open(t.Context(), cfg, Options{Version: "5", Speed: 1, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	said := ""
	for _, r := range []struct{ method, path, auth, body string }{
		{"POST", "/api/v1/boards/board1/accept", "Bearer " + token, ""},
		{"POST", "/api/v1/boards/board1/accept?token=" + token, "Bearer " + token, ""},
		{"POST", "/api/v1/boards/board1/comment", "Bearer " + token, `{"comment":5}`},
		{"GET", "/api/v1/boards", "Bearer " + guess, ""},
		{"GET", "/api/v1/boards", guess, ""},
		{"GET", "/api/v1/boards", "Basic " + token, ""},
		{"GET", "/api/v1/boards?token=" + token, "", ""},
		{"POST", "/api/v1/reload", "Bearer " + token, ""},
		{"GET", "/api/v1/webhooks", "Bearer " + token, ""},
		{"GET", "/api/v1/server", "Bearer " + token, ""},
		{"GET", "/api/device/board1/state/", "Bearer " + guess, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), r.method, s.APIURL()+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", r.auth)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close() // was read
		if err != nil {
			t.Fatal(err)
		}
		said += string(body)
	}
	select {
	case <-told:
	case <-time.After(30 * time.Second):
		t.Error("nobody was told of the board")
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	audit, err := os.ReadFile(filepath.Join(cfg.Data, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "reloaded") || !strings.Contains(string(audit), "/accept") || !strings.Contains(said, hook.URL) {
		t.Errorf("too little was said to judge by: %s\n%s\n%s", log.String(), audit, said)
	}
	for what, text := range map[string]string{"the log": log.String(), "the audit log": string(audit), "an answer": said} {
		for name, secret := range map[string]string{"the token": token, "its hash": string(hash), "a guess": guess, "the webhook's key": key} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %s:\n%s", what, name, text)
			}
		}
	}
}
