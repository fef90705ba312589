package server

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/client"
)

// webSite is an inventory that answers with what it is told; nil: it is down.
type webSite struct{ text atomic.Pointer[string] }

func (s *webSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := s.text.Load()
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
	case text == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = fmt.Fprint(w, *text)
	}
}

func (s *webSite) say(rows ...string) {
	text := "boards:\n"
	if len(rows) == 0 {
		text = "boards: []\n"
	}
	for _, r := range rows {
		var id, name string
		_, _ = fmt.Sscan(r, &id, &name)
		text += fmt.Sprintf("- {id: %q, name: %s, mac: \"52:54:00:01:00:%s\", rack: r1, hardware: panda, power: manual}\n", id, name, id)
	}
	s.text.Store(&text)
}

// inventoried is a server whose boards come from a URL.
func inventoried(t *testing.T, dir, url string) (s *Server, api *client.Client, stop func()) {
	t.Helper()
	for name, text := range map[string]string{"token": "secret\n", "mozpool.yaml": "data: data\nfiles: files\napi: {listen: \"127.0.0.1:0\"}\n" +
		"inventory: {sources: [{name: web, url: \"" + url + "\", token_file: token}]}\n" +
		"racks: {r1: {listen: 127.0.0.1, ports: {http: 0, tftp: 0, syslog: 0}}}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, problems, _ := config.Load(filepath.Join(dir, "mozpool.yaml"))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	api, err = client.New(s.APIURL(), client.Options{User: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return s, api, func() {
		api.CloseIdle()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestInventory keeps a server's boards equal to a URL through an addition, a rename, a removal, an outage, an emptied list, a
// restart while the site is away, and a large removal that somebody approves.
func TestInventory(t *testing.T) {
	t.Parallel()
	from := &webSite{}
	web := httptest.NewServer(from)
	defer web.Close()
	dir := t.TempDir()
	all := []string{"10 a", "11 b", "12 c", "13 d", "14 e", "15 f", "16 g"}
	from.say(all...)
	s, api, stop := inventoried(t, dir, web.URL)
	names := func() string {
		var names []string
		for _, v := range s.Fleet().Views() {
			names = append(names, v.Spec.Name)
		}
		return strings.Join(names, " ")
	}
	check := func(what, want string, fails bool) {
		t.Helper()
		if _, err := api.SyncInventory(t.Context()); (err != nil) != fails {
			t.Errorf("%s: %v", what, err)
		}
		if got := names(); got != want {
			t.Errorf("%s: boards %s, want %s", what, got, want)
		}
	}
	check("a first fill", "a b c d e f g", false)
	from.say(append(all, "17 h")...)
	check("an addition", "a b c d e f g h", false)
	from.say(append(all, "17 z")...)
	check("a rename", "a b c d e f g z", false)
	from.say(all...)
	check("a removal", "a b c d e f g", false)
	from.text.Store(nil)
	check("an outage", "a b c d e f g", true)
	from.say()
	check("an empty list", "a b c d e f g", true)
	stop()

	s, api, stop = inventoried(t, dir, web.URL)
	defer func() { stop() }()
	if got := names(); got != "a b c d e f g" {
		t.Errorf("after a restart: boards %s", got)
	}
	if err := s.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	from.say("16 g")
	check("a large removal", "a b c d e f g", false)
	p, err := api.InventoryPlan(t.Context())
	if err != nil || len(p.Remove) != 6 {
		t.Fatal(p, err)
	}
	if e, err := api.ApplyInventory(t.Context(), p.ID); err != nil || len(e.Removed) != 6 {
		t.Fatal(e, err)
	}
	check("approved", "g", false)
	if h, err := api.InventoryHistory(t.Context()); err != nil || len(h) != 5 {
		t.Errorf("history %v, %v", h, err)
	}
}
