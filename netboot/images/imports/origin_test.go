package imports

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/netboot/images/download"
	"mozpool/netboot/images/uploads"
)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// content is nothing that a mistake with offsets would leave right.
func content(size int) []byte {
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 0))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// half is how much comes before an origin holds on, or breaks off.
const half = 300_000

// origin has one file at every path.
type origin struct {
	data []byte
	cut  int           // answers that break off, before those that are good
	gate chan struct{} // not nil: answers hold on at half, until it is closed
	left chan struct{} // told of whoever leaves meanwhile

	mu    sync.Mutex
	asked []http.Header
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.asked = append(o.asked, r.Header.Clone())
	cut := o.gate == nil && len(o.asked) <= o.cut
	o.mu.Unlock()
	switch {
	case strings.HasPrefix(r.URL.Path, "/none"):
		http.NotFound(w, r)
		return
	case strings.HasPrefix(r.URL.Path, "/to/"): // to http://…
		http.Redirect(w, r, "http://"+strings.TrimPrefix(r.URL.Path, "/to/"), http.StatusFound)
		return
	}
	w.Header().Set("ETag", `"1"`)
	if (cut || o.gate != nil) && r.Header.Get("Range") == "" {
		o.begin(w, r, cut)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.data))
}

// begin sends half, and the rest when the gate opens.
func (o *origin) begin(w http.ResponseWriter, r *http.Request, cut bool) {
	w.Header().Set("Content-Length", strconv.Itoa(len(o.data)))
	_, err := w.Write(o.data[:half])
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	if err != nil || cut {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-o.gate:
		_, _ = w.Write(o.data[half:]) // whoever asked may be gone
	case <-r.Context().Done():
		o.left <- struct{}{}
	}
}

func (o *origin) history() []http.Header {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// world is an origin, a store, and who imports.
type world struct {
	*testing.T
	*origin
	url   string
	store *uploads.Store
	i     *Importer
}

func newWorld(t *testing.T, o *origin, change func(*Config)) *world {
	t.Helper()
	o.left = make(chan struct{}, 10)
	srv := httptest.NewServer(o)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	store, err := uploads.Open(filepath.Join(dir, "artifacts"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Uploads: store, Dir: filepath.Join(dir, "sha256"), Client: srv.Client()}
	if change != nil {
		change(&cfg)
	}
	return &world{t, o, srv.URL, store, New(cfg)}
}

func (w *world) wanted(sum string) Wanted {
	return Wanted{URL: w.url + "/v2.img", SHA256: sum, Name: "v2.img"}
}

// holds fails unless the store has exactly this file, or none, and nothing lies where what is not whole does.
func (w *world) holds(data []byte) {
	w.Helper()
	all, err := w.store.List()
	switch {
	case err != nil || data == nil && len(all) > 0:
		w.Errorf("the store has %+v, %v", all, err)
	case data == nil:
	case len(all) != 1 || all[0].SHA256 != sumOf(data) || all[0].Name != "v2.img":
		w.Errorf("the store has %+v", all)
	default:
		f, err := w.store.Read(sumOf(data))
		if err != nil {
			w.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil || !bytes.Equal(got, data) {
			w.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if names := w.parts(); len(names) > 0 {
		w.Errorf("left behind: %v", names)
	}
}

// parts are the files that are not whole, by name, with their sizes.
func (w *world) parts() map[string]int64 {
	w.Helper()
	entries, err := os.ReadDir(w.i.cfg.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.Fatal(err)
	}
	all := map[string]int64{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			all[e.Name()] = info.Size()
		}
	}
	return all
}

// halfCame waits until so many files have come to half.
func (w *world) halfCame(files int) {
	w.Helper()
	w.until("parts", func() bool {
		n := 0
		for name, size := range w.parts() {
			if strings.HasPrefix(name, download.Unfinished) && size == half {
				n++
			}
		}
		return n == files
	})
}

func (w *world) until(what string, so func() bool) {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); {
		if time.Now().After(end) {
			w.Fatalf("no %s in 20 s", what)
		}
		<-time.After(time.Millisecond)
	}
}
