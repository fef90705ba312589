package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
)

// halfway is an origin that falls silent in the middle of the first answer.
type halfway struct {
	data        []byte
	asked, left chan string // Range of each question, and of each asker who did not wait
}

func (h halfway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := r.Header.Get("Range")
	h.asked <- from
	w.Header().Set("ETag", `"1"`)
	if from != "" {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.data))
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(h.data)))
	_, err := w.Write(h.data[:len(h.data)/2])
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	if err == nil {
		<-r.Context().Done()
	}
	h.left <- from
}

// partCame waits until so much of a file lies in the store.
func partCame(t *testing.T, folder string, size int64) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-tick.C {
		names, err := filepath.Glob(filepath.Join(folder, ".part-*"))
		if err != nil || time.Now().After(end) {
			t.Fatalf("nothing came: %v, %v", names, err)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && info.Size() == size {
				return
			}
		}
	}
}

// TestImportThatIsInterrupted: whoever asks for a file again that was interrupted gets the rest of it only, and an image can
// be made of it; other bytes than those that were asked for are refused.
func TestImportThatIsInterrupted(t *testing.T) {
	t.Parallel()
	_, cfg := site(t, "")
	s := serve(t, cfg)
	h := halfway{[]byte(strings.Repeat("0123456789", 50_000)), make(chan string, 10), make(chan string, 10)}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c, err := client.New(s.APIURL(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdle()
	order := v1.ImportOrder{URL: srv.URL + "/v3.img", SHA256: sumOf(string(h.data))}

	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.ImportArtifact(ctx, order)
		ended <- err
	}()
	partCame(t, filepath.Join(cfg.Data, "store", images.MadeFolder), int64(len(h.data)/2))
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	<-h.left // the server noticed

	a, err := c.ImportArtifact(t.Context(), order)
	if err != nil || a.SHA256 != order.SHA256 || a.Size != int64(len(h.data)) || a.Kind != "upload" {
		t.Fatalf("%+v, %v", a, err)
	}
	if first, second := <-h.asked, <-h.asked; first != "" || second != "bytes=250000-" || len(h.asked) > 0 {
		t.Errorf("asked for %q, %q", first, second)
	}
	entry := v1.ImageEntry{Install: "raw", Artifacts: []v1.ArtifactEntry{{Name: "root", File: a.Name, SHA256: a.SHA256, To: "p2"}}}
	if _, err := c.PutImage(t.Context(), "v3", entry, client.Condition{New: true}); err != nil {
		t.Error(err)
	}

	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("other")) }))
	defer other.Close()
	_, err = c.ImportArtifact(t.Context(), v1.ImportOrder{URL: other.URL + "/v3.img", SHA256: sumOf("this")})
	var p *client.Problem
	if !errors.As(err, &p) || p.Kind != v1.KindRefused || !strings.Contains(p.Detail, sumOf("other")) || p.Remedy == "" {
		t.Errorf("%v", err)
	}
	if all, err := c.Artifacts(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}
