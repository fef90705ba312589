package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

func happening(name, rack string, to board.State) v1.BoardEvent {
	return v1.BoardEvent{Board: name, Rack: rack, Attempt: 7, Event: v1.Event{From: board.Booting, To: to, By: board.InitStarted}}
}

// listen opens a stream; its lines come without the empty ones.
func listen(t *testing.T, s *Server, query string, headers ...string) (lines func() string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/api/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	in := bufio.NewScanner(res.Body)
	leave = func() {
		cancel()
		_ = res.Body.Close() // read only
	}
	t.Cleanup(leave)
	lines = func() string {
		for in.Scan() {
			if line := in.Text(); line != "" {
				return line
			}
		}
		return fmt.Sprintf("the end: %v", in.Err())
	}
	if line := lines(); line != "retry: 2000" {
		t.Fatalf("the stream begins with %q", line)
	}
	return lines, leave
}

// event reads one event off a stream.
func event(t *testing.T, lines func() string) (id string, e v1.BoardEvent) {
	t.Helper()
	id = strings.TrimPrefix(lines(), "id: ")
	if line := lines(); line != "event: transition" {
		t.Fatalf("%q", line)
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(lines(), "data: ")), &e); err != nil || e.ID != id {
		t.Fatalf("%q: %+v, %v", id, e, err)
	}
	return id, e
}

func TestEvents(t *testing.T) {
	t.Parallel()
	hub := events.New()
	s := start(t, Config{Events: hub})
	all, leave := listen(t, s, "")
	failed, _ := listen(t, s, "?rack=r2&state=failed&board=b*")
	hub.Publish(happening("b1", "r1", board.Live))
	hub.Publish(happening("b2", "r2", board.Live))
	hub.Publish(happening("b2", "r2", board.FailedLive))
	first, e := event(t, all)
	if e.Board != "b1" || e.Rack != "r1" || e.To != board.Live || e.Attempt != 7 {
		t.Errorf("%+v", e)
	}
	if _, e := event(t, failed); e.Board != "b2" || e.To != board.FailedLive {
		t.Errorf("%+v", e)
	}
	leave()
	again, _ := listen(t, s, "", "Last-Event-ID: "+first)
	for _, to := range []board.State{board.Live, board.FailedLive} {
		if _, e := event(t, again); e.Board != "b2" || e.To != to {
			t.Errorf("%+v comes back", e)
		}
	}
	other, _ := listen(t, s, "", "Last-Event-ID: before-5")
	if line := other(); line != "event: reset" {
		t.Errorf("an id of another life: %q", line)
	}
	res, body := call(t, s, "GET", "/api/v1/events?kept=1&board=b1", "")
	var kept v1.BoardEvents
	if err := json.Unmarshal(body, &kept); err != nil || res.StatusCode != 200 || len(kept.Events) != 1 || kept.Events[0].ID != first {
		t.Errorf("%s: %v", body, err)
	}
	for _, query := range []string{"state=happy", "board=[", "kept=maybe"} {
		res, body := call(t, s, "GET", "/api/v1/events?"+query, "")
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
}

func TestEventsShowSignsOfLife(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Heartbeat: time.Millisecond})
	lines, _ := listen(t, s, "")
	if line := lines(); line != ":" {
		t.Errorf("%q", line)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	s := start(t, Config{MaxStreams: 1})
	listen(t, s, "")
	res, body := call(t, s, "GET", "/api/v1/events", "")
	wantProblem(t, res, body, 503, v1.KindUnavailable)
	if res, _ := call(t, s, "HEAD", "/api/v1/events", ""); res.StatusCode != 200 {
		t.Errorf("HEAD: %d", res.StatusCode)
	}
}

// A reader that takes nothing holds up neither those who publish, nor other readers, nor the server's end.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	hub := events.New()
	s := start(t, Config{Events: hub, WriteLimit: time.Minute, Grace: 50 * time.Millisecond})
	slow, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Close() }() // the server has cut it
	if _, err := io.WriteString(slow, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	lines, _ := listen(t, s, "?board=last")
	text := strings.Repeat("x", 1000)
	for range 20000 { // more than sockets and the ring hold
		e := happening("b1", "r1", board.Live)
		e.Text = text
		hub.Publish(e)
	}
	hub.Publish(happening("last", "r1", board.Ready))
	for {
		line := lines()
		if strings.HasPrefix(line, "the end") {
			t.Fatal(line)
		}
		if strings.Contains(line, `"board":"last"`) {
			return // the server's end, while the slow reader is still there, is start's
		}
	}
}
