package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// rig is a server that answers by handle, and a client of it.
func rig(t *testing.T, handle Handler) (*Client, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handle, func(net.Conn) (string, error) { return "img2", nil }, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c := NewClient(func(ctx context.Context, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	})
	t.Cleanup(func() {
		c.Close()
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, l.Addr().String()
}

func TestAnswered(t *testing.T) {
	t.Parallel()
	c, address := rig(t, func(ctx context.Context, q Question) any {
		until, ok := ctx.Deadline()
		if left := time.Until(until); !ok || left > time.Minute || left < 20*time.Second {
			t.Errorf("the deadline is %s away", left)
		}
		return fmt.Sprintf("%s %s %s", q.From, q.Subject, q.Body)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
	defer cancel()
	var answer string
	if err := c.Ask(ctx, address, Question{Subject: "wish", Body: json.RawMessage(`{"a":1}`)}, &answer); err != nil || answer != `img2 wish {"a":1}` {
		t.Errorf("answered %q, %v", answer, err)
	}
}

// A question of a newer version that says more is answered by what is understood; one of another envelope is refused.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	s := NewServer(func(_ context.Context, q Question) any { return q.Subject }, nil, slog.New(slog.DiscardHandler))
	for v, want := range map[string]int{strconv.Itoa(version): http.StatusOK, strconv.Itoa(version + 1): http.StatusBadRequest} {
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"subject":"wish","body":{},"more":{"of":"it"}}`))
		req.Header.Set(headerVersion, v)
		res := httptest.NewRecorder()
		s.ServeHTTP(res, req)
		if res.Code != want || want == http.StatusOK && res.Body.String() != `"wish"` || want != http.StatusOK && !strings.Contains(res.Body.String(), "upgrade the older") {
			t.Errorf("version %s: status %d, %s", v, res.Code, res.Body)
		}
	}
}

// The same id is carried out once, also while the first is under way; no id is carried out each time.
func TestOnce(t *testing.T) {
	t.Parallel()
	var times atomic.Int32
	begun, on := make(chan struct{}, 9), make(chan struct{})
	c, address := rig(t, func(context.Context, Question) any {
		begun <- struct{}{}
		<-on
		return times.Add(1)
	})
	answers := make(chan int32, 2)
	for range 2 {
		go func() {
			var n int32
			if err := c.Ask(t.Context(), address, Question{ID: "x"}, &n); err != nil {
				t.Error(err)
			}
			answers <- n
		}()
	}
	<-begun
	close(on)
	if one, two := <-answers, <-answers; one != 1 || two != 1 {
		t.Errorf("answered %d and %d", one, two)
	}
	for want := int32(2); want < 4; want++ {
		var n int32
		if err := c.Ask(t.Context(), address, Question{}, &n); err != nil || n != want {
			t.Errorf("answered %d, %v", n, err)
		}
	}
}

// What was certainly not carried out is told from what may have been.
func TestWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	on := make(chan struct{})
	defer close(on)
	c, address := rig(t, func(context.Context, Question) any { <-on; return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Ask(ctx, address, Question{}, nil); !errors.Is(err, ErrLost) || errors.Is(err, ErrNotSent) {
		t.Errorf("no answer in time: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ask(t.Context(), gone, Question{}, nil); !errors.Is(err, ErrNotSent) || errors.Is(err, ErrLost) {
		t.Errorf("nobody there: %v", err)
	}
	res, err := http.Post("http://"+address+path, "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("another version: status %d, %v", res.StatusCode, err)
	}
}

// What is remembered stays bounded, and the oldest goes first.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory()
	for i := range rememberMost + 10 {
		if _, mine := m.claim(fmt.Sprint(i)); !mine {
			t.Fatalf("%d was known", i)
		}
	}
	if len(m.known) != rememberMost || len(m.order) != rememberMost {
		t.Errorf("%d are remembered", len(m.known))
	}
	if _, mine := m.claim("0"); !mine {
		t.Error("the oldest is still known")
	}
	if _, mine := m.claim(fmt.Sprint(rememberMost)); mine {
		t.Error("a young one is forgotten")
	}
}
