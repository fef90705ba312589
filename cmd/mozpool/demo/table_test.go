package demo

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/httpapi/events"
	"mozpool/httpapi/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func view(name string, state board.State, change func(v *actors.View)) *actors.View {
	v := &actors.View{Spec: inventory.Spec{Name: name}, Board: board.Board{State: state, Attempt: 1}}
	if change != nil {
		change(v)
	}
	return v
}

// someBoards are boards in every kind of state, in the order of their names as the server has it.
func someBoards() []*actors.View {
	trouble := func(v *actors.View) {
		v.Board.Tries = map[board.State]uint8{board.Writing: 1, board.Booting: 2}
		v.Board.Blame = &board.Blame{Part: board.PartCard, Text: "write stalled at 0.2 of 4.0 MiB of system"}
	}
	return []*actors.View{
		view("board1", board.Ready, func(v *actors.View) { v.Board.Card = imageName }),
		view("board10", board.FailedInstall, trouble),
		view("board2", board.Writing, func(v *actors.View) { v.Progress = actors.Progress{Done: 3 << 20, Total: 4 << 20} }),
		view("board3", board.Waiting, func(v *actors.View) { v.Board.WaitingFor = board.ForPowerBudget; v.Queue = 3 }),
		view("board4", board.Waiting, func(v *actors.View) { v.Board.WaitingFor = board.ForRelay }),
		view("board5", board.Cutting, nil),
		view("board6", board.Booting, trouble),
		view("board7", board.Verifying, nil),
		view("board8", board.Ready, func(v *actors.View) {
			v.Board.Card = imageName
			v.Board.Tries = map[board.State]uint8{board.Booting: 1}
		}),
		view("board9", board.New, nil),
	}
}

// TestTable draws terminals of several sizes.
func TestTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size  size
		hints []string
	}{
		"wide":       {size{120, 40}, hints("http://127.0.0.1:8080")},
		"80x24":      {size{80, 24}, hints("http://127.0.0.1:8080")},
		"few-lines":  {size{80, 10}, nil},
		"narrow":     {size{30, 40}, nil},
		"no-room":    {size{80, 4}, hints("http://127.0.0.1:8080")},
		"hardly-any": {size{12, 2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := table(someBoards(), c.hints, c.size, 4)
			if len(lines) > max(c.size.height-1, 2) {
				t.Errorf("%d lines on a terminal of %d: what scrolls out cannot be drawn over", len(lines), c.size.height)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(plain(line)); n > c.size.width-1 {
					t.Errorf("%d characters on a terminal of %d: %q", n, c.size.width, line)
				}
			}
			golden(t, "table-"+name+".txt", strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "\x1b", "^"))
		})
	}
}

// plain is a line without its colours.
func plain(line string) string {
	for _, code := range []string{"32", "31", "90", "33", "0"} {
		line = strings.ReplaceAll(line, "\x1b["+code+"m", "")
	}
	return line
}

// TestDraw plays a terminal that is drawn on, left alone, and resized.
func TestDraw(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := size{80, 24}
	s := newScreen(Options{Boards: 10, Out: &out, Size: func() (int, int) { return now.width, now.height }})
	s.title = []string{"api http://127.0.0.1:1", ""}
	views := someBoards()
	wrote := func() string {
		defer out.Reset()
		s.show(views, nil)
		return out.String()
	}
	if first := wrote(); strings.Contains(first, "\x1b[H") || !strings.Contains(first, "board10") || strings.Count(first, "\n") != 11 {
		t.Errorf("first: %q", first)
	}
	if again := wrote(); again != "" {
		t.Errorf("nothing has changed, but it is drawn: %q", again)
	}
	views[0] = view("board1", board.FailedBoot, nil)
	if changed := wrote(); !strings.HasPrefix(changed, "\x1b[?25l\x1b[11A\r") || !strings.Contains(changed, "failed_boot") {
		t.Errorf("after a change: %q", changed)
	}
	now = size{40, 12}
	if resized := wrote(); !strings.HasPrefix(resized, "\x1b[?25l\x1b[H\x1b[2Japi http://127.0.0.1:1\n") {
		t.Errorf("after resizing: %q", resized)
	}
	s.hint([]string{"try this"})
	if out.Len() > 0 {
		t.Errorf("hints beside the table: %q", out.String())
	}
	if hinted := wrote(); !strings.Contains(hinted, "try this") {
		t.Errorf("without the hint: %q", hinted)
	}
}

// TestLines is what a file or a pipe gets: a line a change, hints once, and no colour.
func TestLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newScreen(Options{Boards: 10, Out: &out, JSON: true})
	views, hub := someBoards(), events.New()
	news := hub.Kept()
	for _, v := range views {
		hub.Publish(v1.BoardEvent{Board: v.Spec.Name, Event: v1.Event{To: v.Board.State, Visit: v.Board.Visit}})
	}
	s.show(views, news)
	s.show(views, news)
	hub.Publish(v1.BoardEvent{Board: "board4", Event: v1.Event{To: board.Verifying, Visit: 8, Text: "over before anybody looked"}})
	hub.Publish(v1.BoardEvent{Board: "board4", Event: v1.Event{To: board.Cutting, Visit: 9}})
	views[4] = view("board4", board.Cutting, func(v *actors.View) { v.Board.Visit = 9 })
	s.show(views, news)
	s.hint(hints("http://127.0.0.1:8080"))
	s.goodbye(Result{Boards: 10, Ready: 9, Failed: 1, Attempts: 11, Retries: 1, Seconds: 1.25}, true)
	golden(t, "lines.txt", out.String())
}

func TestChoose(t *testing.T) {
	t.Parallel()
	names := func(views []*actors.View) string {
		var out []string
		for _, v := range views {
			out = append(out, strings.TrimPrefix(v.Spec.Name, "board"))
		}
		return strings.Join(out, " ")
	}
	for lines, want := range map[int]string{
		10: "1 2 3 4 5 6 7 8 9 10 | ", 20: "1 2 3 4 5 6 7 8 9 10 | ", 8: "10 2 5 6 7 3 4 | 1 8 9", 1: " | 10 2 5 6 7 3 4 1 8 9",
	} {
		shown, rest := choose(someBoards(), lines)
		if got := fmt.Sprintf("%s | %s", names(shown), names(rest)); got != want {
			t.Errorf("%d lines: %s, want %s", lines, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	last := -1
	for _, s := range stages {
		full := strings.Count(bar(view("board1", s, nil)), "█")
		if full <= last || full > 18 {
			t.Errorf("%s: %d after %d", s, full, last)
		}
		last = full
	}
	if got := bar(view("board1", board.New, nil)); strings.Contains(got, "█") {
		t.Errorf("new: %s", got)
	}
}
