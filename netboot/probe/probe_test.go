package probe

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// says listens and says a text to whoever connects; it keeps the connection open.
func says(t *testing.T, text string) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = io.WriteString(c, text) // the probe may have gone
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

func TestTCP(t *testing.T) {
	t.Parallel()
	port := says(t, "SSH-2.0-OpenSSH_9.9\r\n")
	for _, c := range []struct{ expect, problem string }{{"", ""}, {"SSH-2.0", ""}, {"220 ready", "not \"220 ready\""}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := Look(ctx, loopback, actors.Check{Kind: board.VerifyTCP, Port: port, Expect: c.expect})
		cancel()
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("expecting %q: %v", c.expect, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Look(ctx, loopback, actors.Check{Kind: board.VerifyTCP, Port: port}); err == nil {
		t.Error("looked after its context had ended")
	}
}

// TestTCPEndsWithItsContext: a board that accepts and says nothing holds nobody, deadline or not.
func TestTCPEndsWithItsContext(t *testing.T) {
	t.Parallel()
	port := says(t, "half a gree")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Look(ctx, loopback, actors.Check{Kind: board.VerifyTCP, Port: port, Expect: "greeting"})
	}()
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("half a greeting was taken for it")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/bad":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, c := range []struct {
		url    string
		status int
		ok     bool
	}{
		{s.URL + "/ok", 0, true}, {":" + port + "/ok", 200, true}, {":" + port + "/bad", 0, false}, {":" + port + "/bad", 500, true},
		{":" + port + "/moved", 302, true}, {":" + port + "/moved", 0, false}, {"nonsense", 0, false}, {":x/", 0, false},
	} {
		err := Look(t.Context(), loopback, actors.Check{Kind: board.VerifyHTTP, URL: c.url, Status: c.status})
		if (err == nil) != c.ok {
			t.Errorf("%s, status %d: %v", c.url, c.status, err)
		}
	}
	if got := hostOf(netip.MustParseAddr("fe80::1")); got != "[fe80::1]" {
		t.Errorf("host %s", got)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	err := Look(t.Context(), loopback, actors.Check{Kind: board.VerifyPing})
	if err != nil && strings.Contains(err.Error(), "not permitted") {
		t.Skip("no ping here: ", err)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	for _, k := range []board.VerifyKind{board.VerifyLoader, board.VerifyCallback, board.VerifyNone} {
		if err := Look(t.Context(), loopback, actors.Check{Kind: k}); err == nil {
			t.Errorf("%s was seen", k)
		}
	}
	if err := Look(t.Context(), netip.Addr{}, actors.Check{Kind: board.VerifyPing}); err == nil || !strings.Contains(err.Error(), "address is not known") {
		t.Errorf("no address: %v", err)
	}
}
