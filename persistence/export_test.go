package persistence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func exported(t testing.TB, l *FileLogs, f Filter) (all []string) {
	t.Helper()
	must(t, l.Export(t.Context(), f, func(line Line) bool {
		all = append(all, line.Text)
		return true
	}))
	return all
}

func TestExport(t *testing.T) {
	t.Parallel()
	l := openLogs(t, filled(t), LogOptions{})
	l.Append(Line{Board: "b1", Text: "pending"})
	if got := strings.Join(exported(t, l, Filter{Board: "b1", Tail: 2}), " "); got != "1 4 7 10 13 16 19 pending" {
		t.Errorf("board b1: %q", got)
	}
	if got := len(exported(t, l, Filter{})); got != 23 {
		t.Errorf("%d of all lines, not 23", got)
	}
	seen := 0
	must(t, l.Export(t.Context(), Filter{}, func(Line) bool { seen++; return seen < 3 }))
	if seen != 3 {
		t.Errorf("went on after it was told to stop: %d", seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := l.Export(ctx, Filter{}, func(Line) bool { cancel(); return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	must(t, l.Close())
	if err := l.Export(t.Context(), Filter{}, func(Line) bool { return true }); !errors.Is(err, errLogsClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestExportSurvivesCleaning: segments that go while they are read are read to
// their end.
func TestExportSurvivesCleaning(t *testing.T) {
	t.Parallel()
	l := openLogs(t, filled(t), LogOptions{MaxBytes: 1, SegmentBytes: 100})
	seen := 0
	must(t, l.Export(t.Context(), Filter{}, func(line Line) bool {
		if seen++; seen == 1 {
			must(t, l.Sync()) // deletes every sealed segment
		}
		return true
	}))
	if seen < 2 || seen == 22 {
		t.Errorf("%d lines: the first segment was not read to its end, or nothing was deleted", seen)
	}
}

// TestReadingWhileWriting: each board's lines are seen in order and without
// holes while they are written, segments end and boards are taken out.
func TestReadingWhileWriting(t *testing.T) {
	t.Parallel()
	const lines, boards = 600, 3
	l := openLogs(t, t.TempDir(), LogOptions{SegmentBytes: 2000, MaxBoardBytes: 9000})
	var all sync.WaitGroup
	all.Go(func() {
		for i := range lines * boards {
			l.Append(Line{Board: fmt.Sprint(i % boards), Text: fmt.Sprint(i / boards)})
			if i%20 == 0 {
				must(t, l.Sync())
			}
		}
	})
	for b := range boards {
		all.Go(func() {
			for last := ""; last != fmt.Sprint(lines-1); {
				for _, f := range []Filter{{Board: fmt.Sprint(b), Tail: 30}, {Board: fmt.Sprint(b)}} {
					if got, err := l.Query(t.Context(), f); err != nil {
						t.Error(err)
					} else if len(got) > 0 {
						last = inOrder(t, got)
					}
				}
			}
		})
	}
	all.Wait()
}

// inOrder checks that numbers follow each other, and returns the last one.
func inOrder(t *testing.T, lines []Line) (last string) {
	var before int
	for i, line := range lines {
		var n int
		if _, err := fmt.Sscan(line.Text, &n); err != nil || i > 0 && n != before+1 {
			t.Errorf("line %q after %d: %v", line.Text, before, err)
		}
		before = n
	}
	return fmt.Sprint(before)
}
