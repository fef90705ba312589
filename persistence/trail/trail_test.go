package trail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T) *Trails {
	t.Helper()
	tr, err := Open(filepath.Join(t.TempDir(), "attempts"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

func read(t *testing.T, tr *Trails, board string, attempt uint32) string {
	t.Helper()
	lines, err := tr.Read(board, attempt)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.Join(lines, []byte(" ")))
}

func add(tr *Trails, board string, attempt uint32, lines ...string) {
	for _, l := range lines {
		tr.Append(Line{Board: board, Attempt: attempt, Data: []byte(l)})
	}
}

func TestLinesAreReadInTheirOrder(t *testing.T) {
	t.Parallel()
	tr := open(t)
	for _, board := range []string{"b1", "..", "a/b", strings.Repeat("é", 64)} {
		add(tr, board, 1, "one", "two")
		if got := read(t, tr, board, 1); got != "one two" {
			t.Errorf("board %q has %q", board, got)
		}
		add(tr, board, 1, "three")
		add(tr, board, 2, "other")
		tr.End(board, 1)
		if got := read(t, tr, board, 1); got != "one two three" {
			t.Errorf("board %q has %q", board, got)
		}
	}
	if got := read(t, tr, "b1", 9); got != "" {
		t.Errorf("an attempt without a trail has %q", got)
	}
	if inside, err := filepath.Glob(filepath.Join(tr.dir, "*", "*"+suffix)); err != nil || len(inside) != 8 {
		t.Errorf("files %v (%v), want 8 in the folder", inside, err)
	}
}

func TestOnlyTheLastAttemptsAreKept(t *testing.T) {
	t.Parallel()
	tr := open(t)
	for n := uint32(1); n <= Keep+3; n++ {
		add(tr, "b", n, "x")
		read(t, tr, "b", n) // written one by one, as attempts come
	}
	for n, want := range map[uint32]string{1: "", 3: "", 4: "x", Keep + 3: "x"} {
		if got := read(t, tr, "b", n); got != want {
			t.Errorf("attempt %d has %q, want %q", n, got, want)
		}
	}
}

func TestAFloodLeavesRoomForTheEnd(t *testing.T) {
	t.Parallel()
	tr := open(t)
	for i := range 3000 {
		add(tr, "b", 1, fmt.Sprintf("%0100d", i))
		if i%500 == 0 {
			read(t, tr, "b", 1)
		}
	}
	tr.Append(Line{Board: "b", Attempt: 1, Data: []byte(strings.Repeat(".", 1000) + "the end"), Must: true})
	got := read(t, tr, "b", 1)
	if !strings.HasSuffix(got, "the end") || len(got) > MaxFile || len(got) < MaxFile-reserved-200 {
		t.Errorf("%d bytes are kept, ending in %q", len(got), got[len(got)-20:])
	}
	for range MaxFile {
		tr.Append(Line{Board: "b", Attempt: 1, Data: []byte("more"), Must: true})
	}
	if got := read(t, tr, "b", 1); len(got) > MaxFile {
		t.Errorf("%d bytes are kept of lines that must be", len(got))
	}
}

func TestATornLineDoesNotSpoilTheNext(t *testing.T) {
	t.Parallel()
	tr := open(t)
	add(tr, "b", 1, "whole")
	read(t, tr, "b", 1)
	path := tr.file(key{"b", 1})
	if err := os.WriteFile(path, []byte("whole\nto"), 0o600); err != nil {
		t.Fatal(err)
	}
	add(tr, "b", 1, "next")
	if got := read(t, tr, "b", 1); got != "whole to next" {
		t.Errorf("read %q", got)
	}
}

func TestCloseWritesAndLaterLinesAreCounted(t *testing.T) {
	t.Parallel()
	tr := open(t)
	add(tr, "b", 1, "kept", "with\nbreak")
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	add(tr, "b", 1, "late")
	tr.End("b", 1)
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(tr.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	if got := read(t, again, "b", 1); got != "kept" || tr.Lost() != 2 {
		t.Errorf("kept %q, lost %d", got, tr.Lost())
	}
}

func TestAFolderThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "attempts"), nil); err == nil || !strings.Contains(err.Error(), "write access") {
		t.Errorf("error %v", err)
	}
}

func TestForgottenBoardsLeaveNothing(t *testing.T) {
	t.Parallel()
	tr := open(t)
	add(tr, "b", 1, "gone")
	add(tr, "bb", 1, "kept")
	read(t, tr, "b", 1)
	if err := tr.Forget("b"); err != nil {
		t.Fatal(err)
	}
	if err := tr.Forget("b"); err != nil {
		t.Errorf("twice: %v", err)
	}
	if got, other := read(t, tr, "b", 1), read(t, tr, "bb", 1); got != "" || other != "kept" {
		t.Errorf("forgotten %q, its neighbour %q", got, other)
	}
}
