package tftp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestShared: many transfers of one file are one mapping, which goes with the last.
func TestShared(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.put(t, "kernel", noise(5000))
	clients := []*raw{r.begin(t), r.begin(t), r.begin(t)}
	m := &r.server.files
	m.mu.Lock()
	for _, it := range m.files {
		if it.users != 3 {
			t.Errorf("%d of 3 share a mapping", it.users)
		}
	}
	if len(m.files) != 1 {
		t.Errorf("%d mappings of one file", len(m.files))
	}
	m.mu.Unlock()
	for _, c := range clients {
		c.send(c.tid, "\x00\x05\x00\x00enough\x00")
		r.wait(t)
	}
	if err := r.stop(); err != nil { // waits for all
		t.Error(err)
	}
	if len(m.files) != 0 {
		t.Errorf("%d mappings are left", len(m.files))
	}
}

// TestNear: of blocks of 1000 a piece holds 1048 whole ones.
func TestNear(t *testing.T) {
	t.Parallel()
	m := &mapping{data: make([]byte, 2*piece+7), has: make([]atomic.Bool, 3), populate: func([]byte) error { return nil }}
	s := &source{file: &File{Size: 2*piece + 7}, block: 1000, shared: m}
	for i, c := range []struct {
		load, ask span
		want      int64 // less than ask.first: nothing
	}{
		{span{}, span{1, 1}, 0},
		{span{1, 1}, span{1, 1}, 1048},
		{span{1, 1}, span{1048, 1048}, 1048},
		{span{1, 1}, span{1049, 1050}, 1048}, // the 1049th begins in the first piece
		{span{1, 1}, span{1050, 1050}, 1048},
		{span{1049, 1049}, span{1, 2}, 2097}, // and ends in the second
		{span{2098, 2098}, span{2090, 2098}, 3145},
	} {
		if c.load.first > 0 {
			if err := s.load(c.load); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.near(c.ask); got != c.want {
			t.Errorf("row %d: near up to %d, want %d", i, got, c.want)
		}
	}
}

// TestCutAhead: a file that is cut where it was not yet brought into memory ends the transfer, not the process.
func TestCutAhead(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	was := noise(3 * piece)
	r.put(t, "kernel", was)
	c := r.begin(t)
	if err := os.Truncate(filepath.Join(r.dir, "kernel"), piece+5000); err != nil {
		t.Fatal(err)
	}
	if _, err := c.rest(""); err == nil || !strings.Contains(err.Error(), errChanged.Text) {
		t.Errorf("the client got %v", err)
	}
	if e := r.wait(t); !errors.Is(e.err, errChanged) || e.sent > piece+plainBlock {
		t.Errorf("ended with %+v", e)
	}
}
