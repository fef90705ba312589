package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	v1 "mozpool/httpapi/v1"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	get := func(err error) error { return &url.Error{Op: "Get", URL: "http://img1:8080/api/v1/boards", Err: err} }
	for want, err := range map[string]error{
		"connection refused":        get(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"its name is not known (no": get(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "img1"}}),
		"nothing came back in time": get(context.DeadlineExceeded),
		"tls: it speaks no TLS":     get(errors.New("tls: it speaks no TLS")),
		"the stream of events ende": fmt.Errorf("the stream of events ended: %w", errors.New("EOF")),
	} {
		u := &Unreachable{Server: "http://img1:8080", Err: err}
		if got := u.Error(); !strings.HasPrefix(got, "the server at http://img1:8080 does not answer: "+want) || strings.Contains(got, "Get ") ||
			!strings.HasSuffix(got, "--server or MOZPOOL_SERVER") || !errors.Is(u, err) {
			t.Errorf("%s", got)
		}
	}
}

// Several problems stand on a line each; what to do about them is none of them.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	p := &Problem{v1.Problem{Detail: "reload refused:\nboards.yaml:1: a\nboards.yaml:2: b", Remedy: "correct the files"}}
	if got := p.Error(); !strings.HasSuffix(got, "\nboards.yaml:2: b\ncorrect the files") {
		t.Errorf("%q", got)
	}
}

// A server that answers, but not in the way that was asked for, is not told of as one that is away.
func TestWrongScheme(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secured := httptest.NewServer(h), httptest.NewUnstartedServer(h)
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	defer plain.Close()
	defer secured.Close()
	for url, want := range map[string]string{strings.Replace(plain.URL, "http:", "https:", 1): "speaks no TLS: write http://", secured.URL: "--ca FILE"} {
		c, err := New(url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var gone *Unreachable
		if _, err := c.ServerInfo(t.Context()); !errors.As(err, &gone) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "see that it runs") {
			t.Errorf("%s: %v", url, err)
		}
		c.CloseIdle()
	}
}
