package httpapi

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	v1 "mozpool/httpapi/v1"
)

func TestCrowd(t *testing.T) {
	t.Parallel()
	a, b, c := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("fd00::")
	crowd := crowd{perSource: 2, inAll: 3, sources: map[netip.Addr]int{}}
	for i, step := range []struct {
		source netip.Addr
		leaves bool
		want   v1.Kind
	}{{a, false, ""}, {a, false, ""}, {a, false, v1.KindTooMany}, {b, false, ""}, {c, false, v1.KindUnavailable}, {a, true, ""}, {c, false, ""}, {b, true, ""}, {a, false, ""}} {
		if step.leaves {
			crowd.leave(step.source)
			continue
		}
		var no *apiError
		if err := crowd.enter(step.source); errors.As(err, &no) != (step.want != "") || no != nil && no.kind != step.want {
			t.Errorf("step %d: %v", i, err)
		}
	}
	for _, source := range []netip.Addr{a, a, c} {
		crowd.leave(source)
	}
	if crowd.all != 0 || len(crowd.sources) != 0 {
		t.Errorf("nobody is there any more: %+v", crowd)
	}
}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{"10.0.0.1:5": "10.0.0.1", "[::ffff:10.0.0.1]:5": "10.0.0.1", "[fd00:1:2:3:4:5:6:7]:5": "fd00:1:2:3::", "[fe80::1%eth0]:5": "fe80::"} {
		if got := sourceOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))); got.String() != want {
			t.Errorf("%s counts for %s, not %s", from, got, want)
		}
	}
}

// One source that holds all that it may have is told so in words that a program reads, and is let in again as soon as
// it lets go of one; another source never notices.
func TestOneSourceHoldsAll(t *testing.T) {
	t.Parallel()
	s := start(t, Config{MaxConns: 8, MaxConnsPerSource: 3})
	var held []net.Conn
	for range 3 {
		held = append(held, hold(t, s, "127.0.0.1"))
	}
	for range 2 {
		c := dial(t, s, "127.0.0.1")
		res, data := exchange(t, c)
		if p := wantProblem(t, res, data, 429, v1.KindTooMany); p.Remedy == "" || res.Header.Get("Retry-After") == "" {
			t.Errorf("%+v %v", p, res.Header)
		}
	}
	hold(t, s, "127.0.0.2")
	if err := held[0].Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		res, _ := exchange(t, dial(t, s, "127.0.0.1"))
		if res.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("its place was never given back")
		}
	}
}

// The API as a whole is full: whoever comes is told that it is, whatever the source.
func TestAllHeld(t *testing.T) {
	t.Parallel()
	s := start(t, Config{MaxConns: 2, MaxConnsPerSource: 8}) // more than all is all
	hold(t, s, "127.0.0.1")
	hold(t, s, "127.0.0.2")
	res, data := exchange(t, dial(t, s, "127.0.0.3"))
	wantProblem(t, res, data, 503, v1.KindUnavailable)
}

// dial opens a connection from an address of this machine, until the test ends.
func dial(t *testing.T, s *Server, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Skipf("this machine has no %s: %v", from, err)
	}
	t.Cleanup(func() { _ = c.Close() }) // may be closed already
	return c
}

// hold opens a connection that is let in, and keeps it.
func hold(t *testing.T, s *Server, from string) net.Conn {
	t.Helper()
	c := dial(t, s, from)
	if res, _ := exchange(t, c); res.StatusCode != 200 {
		t.Fatalf("from %s: %d", from, res.StatusCode)
	}
	return c
}

func exchange(t *testing.T, c net.Conn) (*http.Response, []byte) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // was read
	return res, data
}
