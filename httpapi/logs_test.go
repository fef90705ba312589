package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/persistence"
)

func line(text string) persistence.Line {
	return persistence.Line{Board: "b1", At: apitest.Now, Source: "syslog", Severity: 6, Text: text}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var asked persistence.Filter
	logs := &apitest.Logs{Lines: []persistence.Line{line("one"), line("two \x1b[2J")}, OnQuery: func(f persistence.Filter) { asked = f }}
	s := start(t, Config{Fleet: fleet(), Logs: logs})
	_, body := call(t, s, "GET", "/api/v1/boards/b1/log?source=syslog&text=o&tail=5&since=10m&until=1m&severity=err", "")
	var l v1.Log
	if err := json.Unmarshal(body, &l); err != nil || len(l.Lines) != 2 || l.Lines[0].Text != "one" || l.Lines[0].BoardAt != nil {
		t.Errorf("%s", body)
	}
	if want := (persistence.Filter{Board: "b1", Source: "syslog", Text: "o", Tail: 5, Since: apitest.Now.Add(-10 * time.Minute),
		Until: apitest.Now.Add(-time.Minute), Below: 4}); asked != want {
		t.Errorf("asked for %+v", asked)
	}
	res, body := call(t, s, "GET", "/api/v1/boards/b1/log", "", "Accept: text/plain")
	want := "2026-11-23T08:40:00.000Z syslog       one\n2026-11-23T08:40:00.000Z syslog       two \\x1b[2J\n"
	if string(body) != want || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%q", body)
	}
	for _, q := range []string{"since=yesterday", "source=dreams", "tail=-1", "follow=maybe", "until=never", "severity=8", "severity=-1", "severity=bad", "all=perhaps", "all=1&follow=1"} {
		res, body := call(t, s, "GET", "/api/v1/boards/b1/log?"+q, "")
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
	if _, body := call(t, s, "GET", "/api/v1/boards/b1/log?since=99999d", ""); !strings.Contains(string(body), "at most 36500d") {
		t.Errorf("the limit is not named: %s", body)
	}
}

// TestWholeLog: every line comes as an object a line, or as text.
func TestWholeLog(t *testing.T) {
	t.Parallel()
	logs := &apitest.Logs{Lines: []persistence.Line{line("one"), line("two")}}
	s := start(t, Config{Fleet: fleet(), Logs: logs, MaxStreams: 1})
	for range 3 { // the place is given back
		res, body := call(t, s, "GET", "/api/v1/boards/b1/log?all=1", "")
		if got := strings.Count(string(body), `"text":`); got != 2 || res.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%v %s", res.Header, body)
		}
	}
	_, body := call(t, s, "GET", "/api/v1/boards/b1/log?all=1", "", "Accept: text/plain")
	if want := "2026-11-23T08:40:00.000Z syslog       one\n2026-11-23T08:40:00.000Z syslog       two\n"; string(body) != want {
		t.Errorf("%q", body)
	}
}

// TestSeverity: names and numbers mean this one and worse.
func TestSeverity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "emerg": 1, "0": 1, "ERR": 4, "3": 4, "debug": 8, "7": 8} {
		if got, err := readSeverity(text); got != want || err != nil {
			t.Errorf("%q: below %d, %v; want %d", text, got, err, want)
		}
	}
}

// follow opens a followed log and gives its lines; the channel is closed when the answer ends.
func follow(t *testing.T, s *Server, accept string) (lines <-chan string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL()+"/api/v1/boards/b1/log?follow=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan string)
	go func() {
		defer close(out)
		defer func() { _ = res.Body.Close() }() // read only
		in := bufio.NewScanner(res.Body)
		for in.Scan() {
			select {
			case out <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, cancel
}

func TestFollow(t *testing.T) {
	t.Parallel()
	logs := &apitest.Logs{Lines: []persistence.Line{line("old")}, New: make(chan persistence.Line, 3), Missing: []string{"img2"}}
	s := start(t, Config{Fleet: fleet(), Logs: logs})
	lines, _ := follow(t, s, "application/json")
	logs.New <- line("old") // came while the log was read, and stands in both
	logs.New <- line("new")
	for _, want := range []string{"old", "", "new"} { // amid them the word that a server's old lines are missing
		var l v1.Line
		if text := <-lines; json.Unmarshal([]byte(text), &l) != nil || l.Text != want || (want == "") != (len(l.Missing) == 1) {
			t.Errorf("%q, want %s", text, want)
		}
	}
	close(logs.New)
	if text, more := <-lines; more {
		t.Errorf("%q after the end", text)
	}
}

// A client that leaves is noticed by the next signs of life, and the follower ends.
func TestFollowerLeaves(t *testing.T) {
	t.Parallel()
	logs := &apitest.Logs{New: make(chan persistence.Line, 1), Followed: make(chan struct{}, 1)}
	s := start(t, Config{Fleet: fleet(), Logs: logs, Heartbeat: time.Millisecond})
	lines, leave := follow(t, s, "text/plain")
	if text := <-lines; text != "" {
		t.Errorf("%q is no sign of life", text)
	}
	leave()
	<-logs.Followed
}

// It is noticed as well where nothing is written, and its place is free again.
func TestFollowerHangsUp(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells that a client hung up")
	}
	logs := &apitest.Logs{Lines: []persistence.Line{line("old")}, New: make(chan persistence.Line), Followed: make(chan struct{}, 1)}
	// Two places: it is told that the follower has ended a moment before its place is free.
	s := start(t, Config{Fleet: fleet(), Logs: logs, Heartbeat: time.Hour, MaxStreams: 2})
	for range 4 {
		lines, leave := follow(t, s, "text/plain")
		<-lines
		leave()
		<-logs.Followed
	}
}

// The server stops although a log is followed on which nothing happens, and tells the client by ending the answer.
func TestStopEndsStreams(t *testing.T) {
	t.Parallel()
	logs := &apitest.Logs{Lines: []persistence.Line{line("old")}, New: make(chan persistence.Line)}
	s := New(Config{Listen: "127.0.0.1:0", Fleet: fleet(), Logs: logs, Heartbeat: time.Hour, Grace: time.Hour})
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	lines, _ := follow(t, s, "text/plain")
	if text := <-lines; !strings.HasSuffix(text, "old") {
		t.Errorf("%q", text)
	}
	stop()
	for range lines { // until the answer ends
	}
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestFollowersAreLimited(t *testing.T) {
	t.Parallel()
	logs := &apitest.Logs{Lines: []persistence.Line{line("old")}, New: make(chan persistence.Line)}
	s := start(t, Config{Fleet: fleet(), Logs: logs, MaxStreams: 1})
	lines, leave := follow(t, s, "text/plain")
	<-lines
	res, body := call(t, s, "GET", "/api/v1/boards/b1/log?follow=1", "")
	wantProblem(t, res, body, 503, v1.KindUnavailable)
	leave()
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	other := New(Config{Listen: s.Addr()})
	if err := other.Run(t.Context()); err == nil || !strings.Contains(err.Error(), s.Addr()) {
		t.Errorf("%v", err)
	}
}

// alone are logs of a server by itself.
type alone struct{ Logs }

// TestLogWithoutSome: what a server did not give is said to be missing, to programs and to people.
func TestLogWithoutSome(t *testing.T) {
	t.Parallel()
	for missing, logs := range map[bool]Logs{true: &apitest.Logs{Missing: []string{"img2", "img3"}}, false: alone{&apitest.Logs{}}} {
		s := start(t, Config{Fleet: fleet(), Logs: logs})
		_, body := call(t, s, "GET", "/api/v1/boards/b1/log", "")
		var log v1.Log
		for accept, want := range map[string]string{"text/plain": "(lines of img2, img3 are not among these)\n", "application/json": `"missing":["img2","img3"]}` + "\n"} {
			if _, whole := call(t, s, "GET", "/api/v1/boards/b1/log?all=1", "", "Accept: "+accept); strings.HasSuffix(string(whole), want) != missing {
				t.Errorf("all, as %s: %q", accept, whole)
			}
		}
		if err := json.Unmarshal(body, &log); err != nil || (len(log.Missing) == 2) != missing || log.Missing == nil {
			t.Errorf("%v %s", err, body)
		}
		_, body = call(t, s, "GET", "/api/v1/boards/b1/log", "", "Accept: text/plain")
		if strings.Contains(string(body), "(lines of img2, img3 are missing: no answer)\n") != missing {
			t.Errorf("%q", body)
		}
	}
}
