package persistence

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
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

// A buffer that is half full is written before it is time to sync.
func TestHalfFullBufferIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := OpenLogs(dir, LogOptions{SyncEvery: time.Hour, Buffer: 1000})
	must(t, err)
	defer func() { must(t, l.Close()) }()
	l.Append(Line{Board: "b", Text: strings.Repeat("x", 600)})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		if info, err := os.Stat(segmentPath(dir, 1)); err == nil && info.Size() > 600 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it waits for the next sync")
		}
	}
}

// While a sync waits for the disk, lines are taken, written and read: many times what the buffer holds.
func TestNobodyWaitsForASync(t *testing.T) {
	t.Parallel()
	l, err := OpenLogs(t.TempDir(), LogOptions{SyncEvery: time.Hour, Buffer: 1000})
	must(t, err)
	syncing, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	l.flush.Lock()
	l.fsync = func(f *os.File) error {
		close(syncing)
		<-goOn
		l.fsync = (*os.File).Sync // for the last sync, by Close
		return f.Sync()
	}
	l.flush.Unlock()
	go func() { done <- l.Sync() }()
	<-syncing
	for i := range 20 {
		for deadline := time.Now().Add(time.Minute); !l.Append(Line{Board: "b", Text: strings.Repeat("x", 400)}); {
			if time.Now().After(deadline) {
				t.Fatalf("line %d finds no room while the disk is slow", i)
			}
			runtime.Gosched()
		}
	}
	if lines, err := l.Query(t.Context(), Filter{Board: "b"}); err != nil || len(lines) != 20 {
		t.Errorf("%d lines are read meanwhile, %v", len(lines), err)
	}
	close(goOn)
	must(t, <-done)
	must(t, l.Close())
}
