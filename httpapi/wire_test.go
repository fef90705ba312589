package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
)

// dial opens a connection that nothing waits on for ever.
func dialPlain(t *testing.T, s *Server) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // read to its end, or cut
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// counted is a server that counts what boards are asked.
func counted(t *testing.T, cfg Config) (*Server, *atomic.Int64) {
	t.Helper()
	f, asked := fleet(), &atomic.Int64{}
	f.OnWish = func(string, actors.Request) (actors.Answer, error) {
		asked.Add(1)
		return actors.Answer{Board: "b1", State: board.Cutting}, nil
	}
	f.OnDo = func(string, actors.Order) (actors.Answer, error) {
		asked.Add(1)
		return actors.Answer{Board: "b1", State: board.Ready}, nil
	}
	cfg.Fleet = f
	return start(t, cfg), asked
}

// Who sends a byte now and then is told so and cut off; nobody else waits for them.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	s, asked := counted(t, Config{ReadLimit: 300 * time.Millisecond})
	for _, begin := range []string{"", "GET /api/v1/boards HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /api/v1/boards/b1/power-on HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"} {
		slow := dialPlain(t, s)
		if _, err := io.WriteString(slow, begin); err != nil {
			t.Fatal(err)
		}
		gone := make(chan struct{})
		go func() { // ends when the server cuts the connection
			defer close(gone)
			pace := time.NewTicker(10 * time.Millisecond)
			defer pace.Stop()
			for range pace.C {
				if _, err := io.WriteString(slow, "a"); err != nil {
					return
				}
			}
		}()
		if res, _ := call(t, s, "GET", "/api/v1/boards", ""); res.StatusCode != 200 {
			t.Errorf("beside one who is slow: %s", res.Status)
		}
		answer, err := io.ReadAll(slow)
		if err != nil && len(answer) == 0 && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%.20q: %v", begin, err)
		}
		if begin != "" && len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
			t.Errorf("%.20q was answered %.60q", begin, answer)
		}
		_ = slow.Close()
		<-gone
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("boards were asked %d times", n)
	}
}

// A request whose end never came is none.
func TestTruncatedRequests(t *testing.T) {
	t.Parallel()
	s, asked := counted(t, Config{})
	whole := "POST /api/v1/boards/b1/image HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n" + `{"image":"v2"}`
	chunked := "POST /api/v1/boards/b1/image HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n" + `{"image":"v2"}` + "\r\n0\r\n\r\n"
	for _, text := range []string{whole, chunked} {
		for _, cut := range []int{1, 5, 20, len(text) / 2, len(text) - 15, len(text) - 5, len(text) - 1} {
			c := dialPlain(t, s)
			if _, err := io.WriteString(c, text[:cut]); err != nil {
				t.Fatal(err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(c)
			if err != nil || strings.HasPrefix(string(answer), "HTTP/1.1 2") {
				t.Errorf("%d bytes of %d were answered %.60q, %v", cut, len(text), answer, err)
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Fatalf("boards were asked %d times", n)
	}
	for i, text := range []string{whole, chunked} {
		c := dialPlain(t, s)
		_, _ = io.WriteString(c, text) // seen by the answer
		if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 202 || asked.Load() != int64(i+1) {
			t.Errorf("the whole request: %v, %v", res, err)
		}
	}
}

// Requests that two servers in a row may cut differently: what hides in their bodies is never carried out.
func TestSmuggledRequests(t *testing.T) {
	t.Parallel()
	s, asked := counted(t, Config{})
	hidden := "POST /api/v1/boards/b1/power-off HTTP/1.1\r\nHost: x\r\nX: "
	for name, headers := range map[string]string{
		"length and chunked":    fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", len(hidden)+5),
		"chunked and length":    fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n", len(hidden)+5),
		"two lengths":           fmt.Sprintf("Content-Length: 0\r\nContent-Length: %d\r\n\r\n", len(hidden)),
		"two lengths, reversed": fmt.Sprintf("Content-Length: %d\r\nContent-Length: 0\r\n\r\n", len(hidden)),
		"a list of lengths":     fmt.Sprintf("Content-Length: 0, %d\r\n\r\n", len(hidden)),
		"a signed length":       "Content-Length: +0\r\n\r\n",
		"a negative length":     "Content-Length: -1\r\n\r\n",
		"a huge length":         "Content-Length: 18446744073709551616\r\n\r\n",
		"hexadecimal":           "Content-Length: 0x0\r\n\r\n",
		"space before colon":    "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"unknown coding":        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"two codings":           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a folded line":         "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
		"a fold of another":     "X: a\r\n\tb\r\n\r\n",
		"a huge chunk":          "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"a signed chunk":        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
	} {
		before := asked.Load()
		c := dialPlain(t, s)
		// the outer request is refused by its handler, so each board asked was asked by what hides
		_, _ = io.WriteString(c, "POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+headers+hidden+"y\r\n\r\n")
		_ = c.CloseWrite() // what is wrong with either shows in the answer
		answer, _ := io.ReadAll(c)
		if n := asked.Load() - before; n != 0 {
			t.Errorf("%s: what hides was carried out: %.400q", name, answer)
		}
		if !strings.HasPrefix(string(answer), "HTTP/1.1 4") && len(answer) > 0 {
			t.Errorf("%s was answered %.60q", name, answer)
		}
	}
}
