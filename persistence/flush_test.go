package persistence

import (
	"os"
	"testing"
)

// A write that fails costs the lines of the buffer, counted, and nothing else.
func TestFailedWriteIsCountedAndHeals(t *testing.T) {
	t.Parallel()
	l := openLogs(t, t.TempDir(), LogOptions{})
	l.Append(Line{Board: "b", Text: "one"})
	must(t, l.Sync())
	good := l.file
	readOnly, err := os.Open(good.Name())
	must(t, err)
	l.file = readOnly
	l.Append(Line{Board: "b", Text: "two"})
	l.Append(Line{Board: "b", Text: "three"})
	if err := l.Sync(); err == nil || l.Dropped() != 2 {
		t.Errorf("got %v, dropped %d", err, l.Dropped())
	}
	must(t, readOnly.Close())
	l.file = good
	l.Append(Line{Board: "b", Text: "four"})
	for _, f := range []Filter{{}, {Board: "b", Tail: 5}} {
		if got := texts(t, l, f); got != "one four" {
			t.Errorf("got %q", got)
		}
	}
}
