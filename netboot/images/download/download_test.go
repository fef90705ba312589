package download

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// content is the same for the same seed, and nothing that a mistake with offsets would leave right.
func content(seed uint64, size int) []byte {
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// origin is a server of one file with bad manners.
type origin struct {
	t  *testing.T
	mu sync.Mutex

	data    []byte
	etag    string
	cut     []int // bytes after which each answer in turn breaks off; -1: it falls silent instead
	deaf    bool  // to Range
	astray  bool  // answers another range than was asked for
	hasty   bool  // answers ranges of whichever version it has, whatever If-Range says
	none    bool  // answers 416 to ranges
	status  int   // instead of any answer
	asked   []http.Header
	sent    int
	release chan struct{} // ends the silence
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, r.Header.Clone())
	if o.status != 0 {
		w.WriteHeader(o.status)
		return
	}
	if o.etag != "" {
		w.Header().Set("ETag", o.etag)
		if r.Header.Get("If-None-Match") == o.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body, status := o.data, http.StatusOK
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && !o.deaf && (o.hasty || r.Header.Get("If-Range") == o.etag) {
		n, err := strconv.Atoi(strings.TrimSuffix(from, "-"))
		if err != nil {
			o.t.Errorf("range %q", from)
		}
		if o.none {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		if o.astray {
			n++
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n, len(o.data)-1, len(o.data)))
		body, status = o.data[n:], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	o.send(r.Context(), w, body)
}

// send sends what is to be sent, as badly as this answer is to be.
func (o *origin) send(ctx context.Context, w http.ResponseWriter, body []byte) {
	cut := len(body)
	if len(o.cut) > 0 {
		cut, o.cut = o.cut[0], o.cut[1:]
	}
	silent := cut < 0
	if silent {
		cut = -cut
	}
	n, err := w.Write(body[:min(cut, len(body))])
	o.sent += n
	if err == nil && cut < len(body) {
		err = http.NewResponseController(w).Flush()
	}
	if err != nil && ctx.Err() == nil { // else whoever asked is gone
		o.t.Error(err)
	}
	switch {
	case silent:
		<-o.release
	case cut < len(body):
		panic(http.ErrAbortHandler)
	}
}

// world is an origin and a folder.
type world struct {
	*origin
	url string
	f   Fetcher
}

func newWorld(t *testing.T, o *origin) *world {
	t.Helper()
	o.t, o.release = t, make(chan struct{})
	srv := httptest.NewServer(o)
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(o.release) })
	return &world{o, srv.URL + "/v1.img", Fetcher{Dir: filepath.Join(t.TempDir(), "sha256"), Client: srv.Client()}}
}

func (w *world) get(t *testing.T, want Wanted) (Got, error) {
	t.Helper()
	want.URL = w.url
	return w.f.Get(t.Context(), want)
}

// history is what was asked so far, and how many bytes were sent; it waits for answers under way.
func (w *world) history() (asked []http.Header, sent int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked, w.sent
}

// serve has it give another version from now on, or a status.
func (w *world) serve(data []byte, etag string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data, w.etag, w.status = data, etag, status
}

// holds fails unless the folder has exactly this file, or nothing at all.
func (w *world) holds(t *testing.T, data []byte) {
	t.Helper()
	entries, err := os.ReadDir(w.f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names, want []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if data != nil {
		want = append(want, sumOf(data))
		if got, err := os.ReadFile(filepath.Join(w.f.Dir, sumOf(data))); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("the folder has %v, want %v", names, want)
	}
}

// TestGet: whatever the server does, what is there in the end is the file, under its hash, and nothing else.
func TestGet(t *testing.T) {
	t.Parallel()
	data := content(1, 900_000)
	for name, tc := range map[string]struct {
		origin  *origin
		asked   int
		resumes bool // the bytes were sent once
	}{
		"whole":                {&origin{etag: `"1"`}, 1, true},
		"breaks off":           {&origin{etag: `"1"`, cut: []int{300_000, 300_000}}, 3, true},
		"breaks off, deaf":     {&origin{etag: `"1"`, cut: []int{300_000}, deaf: true}, 2, false},
		"another range":        {&origin{etag: `"1"`, cut: []int{300_000}, astray: true}, 3, false},
		"no range":             {&origin{etag: `"1"`, cut: []int{300_000}, none: true}, 3, false},
		"without ETag":         {&origin{}, 1, true},
		"empty":                {&origin{etag: `"1"`, data: []byte{}}, 1, true},
		"a weak ETag is noted": {&origin{etag: `W/"1"`}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.origin.data == nil {
				tc.origin.data = data
			}
			w := newWorld(t, tc.origin)
			got, err := w.get(t, Wanted{})
			if err != nil || got.SHA256 != sumOf(w.data) || got.ETag != w.etag {
				t.Fatalf("%+v, %v", got, err)
			}
			w.holds(t, w.data)
			asked, sent := w.history()
			if len(asked) != tc.asked || (sent == len(w.data)) != tc.resumes {
				t.Errorf("asked %d times, %d bytes sent of %d", len(asked), sent, len(w.data))
			}
			for _, h := range asked {
				if h.Get("Accept-Encoding") != "identity" {
					t.Errorf("asks for packed bytes, whose ranges are others: %v", h)
				}
			}
		})
	}
}

// TestGetRefuses: what cannot be had is told, and leaves nothing behind.
func TestGetRefuses(t *testing.T) {
	t.Parallel()
	data := content(1, 100_000)
	full := errors.New("full")
	for name, tc := range map[string]struct {
		origin *origin
		want   Wanted
		limit  func(*Fetcher)
		says   string
	}{
		"no such file":            {&origin{status: 404}, Wanted{}, nil, "the server answers 404"},
		"other bytes":             {&origin{data: data, etag: `"1"`}, Wanted{SHA256: sumOf(nil)}, nil, "have sha256 " + sumOf(data) + ", not " + sumOf(nil)},
		"too large":               {&origin{data: data, etag: `"1"`}, Wanted{}, func(f *Fetcher) { f.Most = 99_999 }, "larger than"},
		"no room":                 {&origin{data: data, etag: `"1"`}, Wanted{}, func(f *Fetcher) { f.Room = func(int64) error { return full } }, "full"},
		"broken, no way to go on": {&origin{data: data, cut: []int{50_000}}, Wanted{}, nil, "broke off: unexpected EOF"},
		"not asked, not modified": {&origin{data: data, status: 304}, Wanted{}, nil, "the server answers 304"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.origin)
			if tc.limit != nil {
				tc.limit(&w.f)
			}
			if got, err := w.get(t, tc.want); err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), w.url) {
				t.Errorf("%+v, %v", got, err)
			}
			w.holds(t, nil)
		})
	}
}

// TestSilenceIsKeptAndGoneOnWith: a server from which nothing comes any more ends the fetch, and the next one goes on.
func TestSilenceIsKeptAndGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(1, 500_000), etag: `"1"`, cut: []int{-200_000}})
	w.f.Patience = 300 * time.Millisecond
	_, err := w.get(t, Wanted{})
	var broken *BrokenError
	if !errors.As(err, &broken) || broken.Have != 200_000 || !strings.Contains(err.Error(), "nothing came for 300ms") {
		t.Fatalf("%v", err)
	}
	w.release <- struct{}{}
	w.f.Patience = 0
	got, err := w.get(t, Wanted{SHA256: sumOf(w.data)})
	if err != nil || got.Resumed != 200_000 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.holds(t, w.data)
}

// TestAnotherVersion: bytes of one version are not joined with those of another.
func TestAnotherVersion(t *testing.T) {
	t.Parallel()
	for name, hasty := range map[string]bool{"as it should": false, "a server that does not know If-Range": true} {
		w := newWorld(t, &origin{data: content(1, 500_000), etag: `"1"`, cut: []int{200_000, 0}, hasty: hasty})
		if _, err := w.get(t, Wanted{}); err == nil {
			t.Fatalf("%s: whole, though it broke off twice", name)
		}
		w.serve(content(2, 500_000), `"2"`, 0)
		got, err := w.get(t, Wanted{})
		asked, _ := w.history()
		if err != nil || got.Resumed != 0 || asked[2].Get("If-Range") != `"1"` {
			t.Fatalf("%s: %+v, %v, asked with %v", name, got, err, asked)
		}
		w.holds(t, w.data)
	}
}

// slowly gives a byte every so often.
type slowly struct {
	left  int
	pause time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	<-time.After(s.pause)
	s.left--
	return copy(p, "x"), nil
}

// TestSlowIsNotSilent: as long as something comes, it may take however long.
func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := &transfer{Fetcher: &Fetcher{Dir: t.TempDir()}, key: "part", sum: sha256.New()}
		if err := tr.restart(""); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		watch := newWatch(0, cancel)
		if err := tr.take(ctx, &slowly{10, patience - time.Second}, watch); err != nil || ctx.Err() != nil || tr.have != 10 {
			t.Errorf("%d bytes, %v, %v", tr.have, err, context.Cause(ctx))
		}
		<-time.After(patience)
		if synctest.Wait(); ctx.Err() == nil {
			t.Error("silence is waited for without end")
		}
		if err := tr.drop(); err != nil {
			t.Error(err)
		}
	})
}

// TestGoesOnAfterACrash: only what was noted as safely on the disk is gone on with, whatever stands behind it.
func TestGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(1, 500_000), etag: `"1"`, cut: []int{300_000, 0}})
	if _, err := w.get(t, Wanted{}); err == nil {
		t.Fatal("whole, though it broke off twice")
	}
	part := filepath.Join(w.f.Dir, Unfinished+short(w.url)+"-"+short(`"1"`))
	torn := append(bytes.Clone(w.data[:100_000]), make([]byte, 200_000)...) // as a disk after a power cut
	for name, data := range map[string]string{part: string(torn), part + about: fmt.Sprintf(`{"url": %q, "etag": "\"1\"", "size": 100000}`, w.url)} {
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := w.get(t, Wanted{}); err != nil || got.Resumed != 100_000 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.holds(t, w.data)
}

// TestUnavailableKeepsThePart: a server that is being restarted costs nothing of what came before.
func TestUnavailableKeepsThePart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(1, 500_000), etag: `"1"`, cut: []int{300_000, 0}})
	for _, status := range []int{0, 503, 0} {
		w.serve(w.data, w.etag, status)
		got, err := w.get(t, Wanted{})
		var answer *StatusError
		asked, _ := w.history()
		switch {
		case len(asked) > 3 && (err != nil || got.Resumed != 300_000):
			t.Errorf("%+v, %v", got, err)
		case status != 0 && !errors.As(err, &answer):
			t.Errorf("%v", err)
		}
	}
	w.holds(t, w.data)
}

// TestTurn: who wants the same waits, as long as anybody waits for them.
func TestTurn(t *testing.T) {
	t.Parallel()
	release, err := Turn(t.Context(), t.Name())
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Turn(ended, t.Name()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	var inside int // the race detector finds two at once
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			done, err := Turn(t.Context(), t.Name())
			if err != nil {
				t.Error(err)
				return
			}
			inside++
			done()
		})
	}
	inside++
	release()
	if all.Wait(); inside != 9 {
		t.Errorf("%d turns", inside)
	}
}
