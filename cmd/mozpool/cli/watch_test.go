package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mozpool/httpapi/client"
)

// A watch shows each look in place of the one before, sits out a server that is away, and says so once.
func TestWatch(t *testing.T) {
	t.Parallel()
	gone := &client.Unreachable{Server: "http://img1:8080", Err: errors.New("refused")}
	answers := []error{nil, gone, gone, nil}
	ctx, stop := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	c := &Context{Context: ctx, Out: &out, Err: &errs, Screen: true, Every: time.Microsecond}
	looks := 0
	err := c.watch(Watched{Watch: true}, func(c *Context) error {
		if looks == len(answers) {
			stop()
			return ctx.Err()
		}
		looks++
		_, _ = fmt.Fprintf(c.Out, "look %d\n", looks) // into a buffer
		return answers[looks-1]
	})
	if want := "\x1b[H\x1b[2Jlook 1\n\x1b[H\x1b[2Jlook 4\n"; err != nil || out.String() != want {
		t.Errorf("%v, %q", err, out.String())
	}
	if strings.Count(errs.String(), "refused") != 1 || !strings.Contains(errs.String(), "until it is back") {
		t.Errorf("said %q", errs.String())
	}
}

// One that never began, or that is told that it asked for nonsense, ends.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	c := &Context{Context: t.Context(), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Every: time.Microsecond}
	for _, want := range []error{&client.Unreachable{Err: errors.New("refused")}, errors.New("nonsense")} {
		if err := c.watch(Watched{Watch: true}, func(*Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("%v", err)
		}
	}
	seen := false
	err := c.watch(Watched{Watch: true}, func(*Context) error {
		if seen {
			return errors.New("nonsense")
		}
		seen = true
		return nil
	})
	if err == nil || codeOf(err) != ExitFailed {
		t.Errorf("%v", err)
	}
}
