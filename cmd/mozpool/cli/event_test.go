package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// Events that the server still has are shown again after an ID; the watch ends when it is interrupted.
func TestEventWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, to := range []board.State{board.Live, board.FailedLive, board.Ready} {
		name := []string{"b1", "b2", "b1"}[i]
		w.events.Publish(v1.BoardEvent{Board: name, Rack: "r1", Attempt: 7, Event: v1.Event{At: apitest.Now, From: board.Booting, To: to, By: board.InitStarted, Text: "so\x1b"}})
	}
	first, _, _ := w.events.Kept().Next()
	for args, want := range map[string]string{
		"":                   "2026-11-23T08:40:00.000Z b2: booting → failed_live (mobile_init_started): so·\n2026-11-23T08:40:00.000Z b1: booting → ready (mobile_init_started): so·\n",
		"--state failed":     "2026-11-23T08:40:00.000Z b2: booting → failed_live (mobile_init_started): so·\n",
		"--board b1 -o name": "b1\n",
		"--board b1 -o json": `"board":"b1","rack":"r1","attempt":7`,
		"--rack r1 -o yaml":  "board: b2",
	} {
		if code, out := w.watch(t, want, strings.Fields("event watch --after "+first.ID+" "+args)...); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, %q, %s", args, code, out, w.err.String())
		}
	}
	if _, out := w.watch(t, "lost", "event", "watch", "--after", "x"); !strings.Contains(out, "lost") {
		t.Errorf("%q", out)
	}
	if code := w.run(t, "event", "watch", "--state", "happy"); code != ExitUsage {
		t.Errorf("exit %d", code)
	}
}

// watch runs a command until it has said something, then interrupts it.
func (w *world) watch(t *testing.T, want string, args ...string) (code int, out string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said := &until{want: want, stop: stop}
	w.ctx, w.more = ctx, said
	defer func() { w.ctx, w.more = t.Context(), nil }()
	code = w.run(t, args...)
	return code, said.text.String()
}

// until is where a command writes to; it stops the command once that has said what is wanted.
type until struct {
	text strings.Builder
	want string
	stop func()
}

func (u *until) Write(b []byte) (int, error) {
	n, err := u.text.Write(b)
	if strings.Contains(u.text.String(), u.want) {
		u.stop()
	}
	return n, err
}

// Who watches a server that dies is told so once each time, and goes on once it is back; also where nothing has happened.
func TestEventsOfAServerThatDies(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			_, _ = io.WriteString(out, `{"boards":[]}`) // to a client that is there
			return
		}
		switch tries.Add(1) {
		case 3: // it is back, and nothing happens
			out.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(out).Flush() // to a client that is there
		case 5:
			stop()
		}
		panic(http.ErrAbortHandler) // the connection breaks off
	}))
	defer server.Close()
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdle()
	var said bytes.Buffer
	err = (&EventWatch{}).Run(&Context{Context: ctx, Client: c, Out: io.Discard, Err: &said, Output: "table", Every: time.Millisecond})
	if n := strings.Count(said.String(), "looking again until it is back"); err != nil || n != 2 {
		t.Errorf("%v, said %d times: %s", err, n, &said)
	}
}

func TestEventsOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	c, err := client.New("http://127.0.0.1:1", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&EventWatch{}).Run(&Context{Context: t.Context(), Client: c}); codeOf(err) != ExitUnreachable {
		t.Errorf("%v", err)
	}
	w := newWorld(t)
	if code := w.run(t, "event", "watch", "--board", "nobody"); code != ExitNotFound || !strings.Contains(w.err.String(), "nobody") {
		t.Errorf("exit %d, %s", code, &w.err)
	}
}
