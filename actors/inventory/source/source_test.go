package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors/inventory"
	"mozpool/actors/inventory/source/web"
)

const (
	asYAML = "boards:\n- {name: b1, id: \"17\", mac: \"52:54:00:01:00:01\", rack: r1, hardware: panda, power: manual, labels: {pool: ci}}\n"
	asJSON = `{"boards": [{"name": "b1", "id": "17", "mac": "52:54:00:01:00:01", "rack": "r1", "hardware": "panda", "power": "manual", "labels": {"pool": "ci"}}]}`
	asCSV  = "\ufeffName,id,MAC,rack,hardware,power,address,label.pool\nb1,17,5254.0001.0001,r1,panda,manual,,ci\n"
)

func wantB1(t *testing.T, records []inventory.Record, err error) {
	t.Helper()
	if err != nil || len(records) != 1 || len(records[0].Problems) > 0 {
		t.Fatal(records, err)
	}
	want := inventory.Spec{ID: "17", Name: "b1", MAC: "52:54:00:01:00:01", Rack: "r1", Hardware: "panda", Power: "manual",
		Labels: map[string]string{"pool": "ci"}, Source: "lab"}
	if got := records[0].Spec; !got.Equal(want) {
		t.Errorf("got %+v", got)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"b.yaml": asYAML, "b.json": asJSON, "b.csv": asCSV} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := File{Title: "lab", Path: path}.Fetch(t.Context())
		wantB1(t, records, err)
	}
}

func TestFileBad(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"cut.json":   {asJSON[:40], "no list of boards"},
		"empty.csv":  {"", "row of heads"},
		"ragged.csv": {asCSV + "b2\n", "wrong number of fields"},
		"huge.yaml":  {strings.Repeat("#", maxBytes+1), "larger than"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (File{Title: "lab", Path: path}).Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "source lab") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (File{Title: "lab", Path: "nowhere/b.yaml"}).Fetch(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// serve is a source that answers with h, and the pauses that it made.
func serve(t *testing.T, h http.HandlerFunc, token web.Token) (*URL, *[]time.Duration) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	var pauses []time.Duration
	u, err := NewURL("lab", s.URL+"/boards", nil, web.Options{Token: token, Client: s.Client(), Pause: func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return u, &pauses
}

func TestURLAsksOnlyForNews(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sent := 0
	u, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent++
		w.Header().Set("ETag", `"1"`)
		_, _ = fmt.Fprint(w, asYAML)
	}, web.Token{File: path})
	for range 3 {
		records, err := u.Fetch(t.Context())
		wantB1(t, records, err)
	}
	if sent != 1 {
		t.Errorf("the list was sent %d times", sent)
	}
}

func TestURLTriesAgain(t *testing.T) {
	t.Parallel()
	asked := 0
	u, pauses := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch asked++; asked {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.Header().Set("Content-Length", fmt.Sprint(len(asCSV)))
			_, _ = fmt.Fprint(w, asCSV[:len(asCSV)-20])
		default:
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			_, _ = fmt.Fprint(w, asCSV)
		}
	}, web.Token{})
	records, err := u.Fetch(t.Context())
	wantB1(t, records, err)
	if fmt.Sprint(*pauses) != "[7s 4s]" {
		t.Errorf("pauses %v", *pauses)
	}
}

// Neither the token nor the belief in what is answered goes to another server.
func TestURLStaysWithItsServer(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Store(true)
		_, _ = fmt.Fprint(w, asYAML)
	}))
	defer other.Close()
	u, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, web.Token{})
	if records, err := u.Fetch(t.Context()); err == nil || reached.Load() {
		t.Errorf("%v, %v", records, err)
	}
	u, _ = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/boards" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		_, _ = fmt.Fprint(w, asYAML)
	}, web.Token{})
	records, err := u.Fetch(t.Context())
	wantB1(t, records, err)
}

func TestURLBad(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		token  web.Token
		want   string
		asked  int
	}{
		"token":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, web.Token{}, "token_file", 1},
		"no env":  {func(http.ResponseWriter, *http.Request) {}, web.Token{Env: "MOZPOOL_TEST_NO_SUCH"}, "MOZPOOL_TEST_NO_SUCH", 0},
		"down":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, web.Token{}, "502", web.Tries},
		"gone":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, web.Token{}, "404", 1},
		"a page":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>log in</html>") }, web.Token{}, "no list of boards", 1},
		"endless": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxBytes+10)) }, web.Token{}, "larger than", 1},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = w.Write([]byte(asYAML))
		}, web.Token{}, "cut off", web.Tries},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid/boards", http.StatusFound)
		}, web.Token{}, "elsewhere.invalid", web.Tries},
		"unasked": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, web.Token{}, "304", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			u, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { asked++; tc.answer(w, r) }, tc.token)
			_, err := u.Fetch(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "inventory source lab") || asked != tc.asked {
				t.Errorf("asked %d times: %v", asked, err)
			}
		})
	}
	for _, address := range []string{"", "boards.yaml", "ftp://x/y", "http://user:word@x/y"} {
		if _, err := NewURL("lab", address, nil, web.Options{}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
