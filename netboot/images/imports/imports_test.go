package imports

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mozpool/netboot/images/download"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence/strictyaml"
)

// TestImport: the file is there under its hash, said or computed; what is there is not fetched again.
func TestImport(t *testing.T) {
	t.Parallel()
	for _, said := range []bool{true, false} {
		w := newWorld(t, &origin{data: content(500_000)}, nil)
		sum := ""
		if said {
			sum = sumOf(w.data)
		}
		for range 2 {
			a, err := w.i.Import(t.Context(), w.wanted(sum))
			if err != nil || a.SHA256 != sumOf(w.data) || a.Size != 500_000 || a.Name != "v2.img" {
				t.Fatalf("%+v, %v", a, err)
			}
			w.holds(w.data)
		}
		asked := w.history()
		if said && len(asked) != 1 || !said && (len(asked) != 2 || asked[1].Get("If-None-Match") != `"1"`) {
			t.Errorf("hash said: %v, asked %v", said, asked)
		}
	}
}

// TestBreaksOff: an origin that breaks off is asked for the rest.
func TestBreaksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000), cut: 1}, nil)
	if _, err := w.i.Import(t.Context(), w.wanted(sumOf(w.data))); err != nil {
		t.Fatal(err)
	}
	w.holds(w.data)
	if asked := w.history(); len(asked) != 2 || asked[1].Get("Range") == "" {
		t.Errorf("asked %v", asked)
	}
}

// TestRefused: what cannot be had is told, and nothing of it is kept.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path, sum string
		change    func(*Config)
		is        any
		says      string
	}{
		"other bytes":  {"/v2.img", sumOf(nil), nil, new(*strictyaml.RemedyError), "not " + sumOf(nil)},
		"no such file": {"/none", "", nil, new(*download.StatusError), "404"},
		"full disk": {"/v2.img", "", func(c *Config) { c.Free = func(string) (uint64, error) { return uploads.MinFree + 499_999, nil } },
			new(*uploads.FullError), "stay free"},
		"nobody there": {"/to/127.0.0.1:1/v2.img", "", nil, new(*download.BrokenError), "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &origin{data: content(500_000)}, tc.change)
			_, err := w.i.Import(t.Context(), Wanted{URL: w.url + tc.path, SHA256: tc.sum, Name: "v2.img"})
			if err == nil || !errors.As(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v", err)
			}
			w.holds(nil)
		})
	}
}

// TestSilence: an origin that says nothing any more is given up, and asked for the rest.
func TestSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000), gate: make(chan struct{})}, func(c *Config) { c.Patience = 300 * time.Millisecond })
	if _, err := w.i.Import(t.Context(), w.wanted("")); err != nil {
		t.Fatal(err)
	}
	w.holds(w.data)
	if asked := w.history(); len(asked) != 2 || asked[1].Get("Range") != fmt.Sprintf("bytes=%d-", half) {
		t.Errorf("asked %v", asked)
	}
}

// asking asks for a file until its leave is called.
type asking struct {
	leave context.CancelFunc
	done  chan error
}

func (w *world) ask(want Wanted) asking {
	ctx, leave := context.WithCancel(w.Context())
	a := asking{leave, make(chan error, 1)}
	go func() {
		_, err := w.i.Import(ctx, want)
		a.done <- err
	}()
	return a
}

// waiting is how many wait for a file.
func (w *world) waiting(want Wanted) int {
	w.i.mu.Lock()
	defer w.i.mu.Unlock()
	if f := w.i.flights[want.key()]; f != nil {
		return f.waiting
	}
	return 0
}

// TestOnce: however many ask, with the hash or without, the file is fetched once.
func TestOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000), gate: make(chan struct{})}, nil)
	free, held := w.wanted(""), w.wanted(sumOf(w.data))
	all := []asking{w.ask(free)}
	w.halfCame(1)
	for range 2 * AtOnce {
		all = append(all, w.ask(free), w.ask(held))
	}
	w.until("crowd", func() bool { return w.waiting(free) == 2*AtOnce+1 && w.waiting(held) == 2*AtOnce })
	all[1].leave() // and the others do not mind
	if err := <-all[1].done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(w.gate)
	for n, a := range all {
		if n == 1 {
			continue
		}
		if err := <-a.done; err != nil {
			t.Error(err)
		}
	}
	w.holds(w.data)
	if asked := w.history(); len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
}

// TestHangUp: when nobody waits any more nothing is fetched, and who comes later goes on behind what came, also after a
// restart.
func TestHangUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000), gate: make(chan struct{})}, nil)
	a := w.ask(w.wanted(""))
	w.halfCame(1)
	a.leave()
	if err := <-a.done; !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	if parts := w.parts(); len(parts) != 2 { // it returns no sooner: the server may stop now
		t.Errorf("the part is not noted: %v", parts)
	}
	<-w.left
	w.i = New(w.i.cfg)
	if _, err := w.i.Import(t.Context(), w.wanted("")); err != nil {
		t.Fatal(err)
	}
	w.holds(w.data)
	if asked := w.history(); len(asked) != 2 || asked[1].Get("Range") != fmt.Sprintf("bytes=%d-", half) {
		t.Errorf("asked %v", asked)
	}
}

// TestAtOnce: only so many files are fetched at once, and each that is done with makes room.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000), gate: make(chan struct{})}, nil)
	nth := func(n int) Wanted { return Wanted{URL: fmt.Sprintf("%s/%d.img", w.url, n), Name: "v2.img"} }
	var all []asking
	for n := range AtOnce {
		all = append(all, w.ask(nth(n)))
	}
	w.halfCame(AtOnce)
	if _, err := w.i.Import(t.Context(), nth(AtOnce)); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	all[0].leave()
	if err := <-all[0].done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(w.gate)
	if _, err := w.i.Import(t.Context(), nth(0)); err != nil {
		t.Error(err)
	}
	for _, a := range all[1:] {
		if err := <-a.done; err != nil {
			t.Error(err)
		}
	}
	w.holds(w.data)
}

// TestToPlainHTTP: what no hash guards is not fetched where anybody on the way could change it.
func TestToPlainHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &origin{data: content(500_000)}, nil)
	secure := httptest.NewTLSServer(w.origin)
	defer secure.Close()
	w.i.cfg.Client = secure.Client()
	want := w.wanted("")
	want.URL = secure.URL + "/to/" + strings.TrimPrefix(w.url, "http://") + "/v2.img?signature=secret"
	var refused *strictyaml.RemedyError
	if _, err := w.i.Import(t.Context(), want); !errors.As(err, &refused) || strings.Contains(refused.What, "secret") || refused.Remedy == "" {
		t.Errorf("%v", err)
	}
	w.holds(nil)
	want.SHA256 = sumOf(w.data)
	if _, err := w.i.Import(t.Context(), want); err != nil {
		t.Error(err)
	}
	w.holds(w.data)
}
