package house

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/persistence"
)

func said(c *cluster, server, text string) {
	c.houses[server].cfg.Fleet.Logs.Append(persistence.Line{Board: "board1", At: time.Now(), Source: "syslog", Text: text})
}

// Lines stay where they were made and are shown everywhere, in order; a server that does not answer is left out.
func TestLinesOfAllServers(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		for i, server := range []string{"img1", "img2", "img1"} {
			said(c, server, fmt.Sprint(i))
			time.Sleep(time.Second) // virtual
		}
		read := func(f persistence.Filter) (text string) {
			f.Board, f.Source = "board1", "syslog"
			all, err := c.houses["img2"].Logs().Query(t.Context(), f)
			if err != nil {
				t.Error(err)
			}
			for _, l := range all {
				text += l.Text
			}
			return text
		}
		if got := read(persistence.Filter{}); got != "012" {
			t.Errorf("all lines: %q", got)
		}
		if got := read(persistence.Filter{Tail: 2}); got != "12" {
			t.Errorf("the last two: %q", got)
		}
		c.mu.Lock()
		c.cut["img1"] = true
		c.mu.Unlock()
		if got := read(persistence.Filter{}); got != "1" {
			t.Errorf("with one server only: %q", got)
		}
		if _, missing, err := c.houses["img2"].Logs().QueryAll(t.Context(), persistence.Filter{Board: "board1"}); err != nil || !slices.Contains(missing, "img1") {
			t.Errorf("%q are said to be missing, %v", missing, err)
		}
	})
}

// A board that lives elsewhere is followed there; one that lives here, here.
func TestFollowElsewhere(t *testing.T) {
	in(t, func(t *testing.T, c *cluster) {
		said(c, "img1", "old")
		time.Sleep(time.Second) // virtual
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		heard := make(chan string, 8)
		ended := make(chan error, 1)
		go func() {
			ended <- c.houses["img2"].Logs().Follow(ctx, persistence.Filter{Board: "board1", Source: "syslog"}, func(l persistence.Line, _ uint64) bool {
				heard <- l.Text
				return l.Text != "end"
			})
		}()
		synctest.Wait()
		for _, text := range []string{"new", "end"} {
			said(c, "img1", text)
			if got := <-heard; got != text {
				t.Errorf("heard %q, want %q", got, text)
			}
			time.Sleep(time.Millisecond) // virtual
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := c.houses["img1"].Logs().Follow(ctx, persistence.Filter{Board: "board1"}, nil); !errors.Is(err, errHere) {
			t.Errorf("a board that lives here: %v", err)
		}
		if err := c.houses["img2"].Logs().Export(ctx, persistence.Filter{}, nil); !errors.Is(err, errHere) {
			t.Errorf("each server exports its own: %v", err)
		}
	})
}
