package persistence

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// TestDamageIsReported: what cannot be read any more is said where a query meets it, once, with where it begins; the rest is there.
func TestDamageIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLogs(t, dir, LogOptions{SegmentBytes: 60})
	for _, text := range []string{"one", "two", "three", "four"} {
		l.Append(Line{Board: "b", Text: text})
		l.Append(Line{Board: "c", Text: text})
		must(t, l.Sync())
	}
	must(t, l.Close())
	path := segmentPath(dir, 2)
	data, err := os.ReadFile(path)
	must(t, err)
	data[len(data)-1] ^= 1 // of the line of board c
	must(t, os.WriteFile(path, data, 0o600))
	var said bytes.Buffer
	l = openLogs(t, dir, LogOptions{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if got := texts(t, l, Filter{Board: "b"}); got != "one two three four" {
		t.Errorf("board b has %q", got)
	}
	if got := texts(t, l, Filter{Board: "c", Tail: 9}); got != "one two three" {
		t.Errorf("board c has %q", got)
	}
	if got := texts(t, l, Filter{}); got != "one one two two three three four" {
		t.Errorf("all boards have %q", got)
	}
	if got := said.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, path) || !strings.Contains(got, "bytes=") {
		t.Errorf("said %q", got)
	}
}
