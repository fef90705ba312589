package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mozpool/actors"
	"mozpool/actors/board"
)

// draw brings the table on the terminal up to date, in one write and only where it differs. A terminal of another size
// has wrapped or moved what was there, so it is cleared and begun anew.
func (s *screen) draw(views []*actors.View) {
	width, height := s.o.Size()
	now := size{width, height}
	lines := table(views, slices.Concat(s.troubles, s.hints), now, len(s.title))
	var out strings.Builder
	switch {
	case s.drawn == nil:
	case now != s.size:
		out.WriteString("\x1b[H\x1b[2J")
		for _, line := range s.title {
			out.WriteString(clip(line, now.width) + "\n")
		}
	case slices.Equal(lines, s.drawn):
		return
	default:
		fmt.Fprintf(&out, "\x1b[%dA\r", len(s.drawn))
	}
	for _, line := range lines {
		out.WriteString(line + "\x1b[K\n")
	}
	s.size, s.drawn = now, lines
	s.print("\x1b[?25l" + out.String() + "\x1b[J\x1b[?25h")
}

// table are the lines of the table, without line ends: a summary, the boards, the hints. title is how many lines stay
// above it where there is room. It never has more lines than the terminal less one, since what has scrolled out cannot
// be drawn over.
func table(views []*actors.View, hints []string, s size, title int) []string {
	most := max(s.height-2, 1) // the summary, and the line of the cursor
	if most-len(hints) < 3 {
		hints = nil
	}
	room := most - len(hints)
	room = max(room-title, min(room, 3))
	out := []string{clip(summary(views), s.width)}
	shown, rest := choose(views, room)
	for _, v := range shown {
		out = append(out, row(v, s.width))
	}
	if len(rest) > 0 {
		out = append(out, clip(fmt.Sprintf("… and %d more: %s", len(rest), counts(rest)), s.width))
	}
	for _, line := range hints {
		out = append(out, clip(line, s.width))
	}
	return out
}

// choose says which boards are shown on so many lines: all of them in their order, or else those with the most news
// first; the last line is then for the others.
func choose(views []*actors.View, lines int) (shown, rest []*actors.View) {
	views = slices.Clone(views)
	slices.SortStableFunc(views, func(a, b *actors.View) int {
		return cmp.Or(cmp.Compare(len(a.Spec.Name), len(b.Spec.Name)), strings.Compare(a.Spec.Name, b.Spec.Name)) // board2 before board10
	})
	if len(views) <= lines {
		return views, nil
	}
	slices.SortStableFunc(views, func(a, b *actors.View) int { return cmp.Compare(rank(a), rank(b)) })
	return views[:lines-1], views[lines-1:]
}

func rank(v *actors.View) int {
	switch s := v.Board.State; {
	case s.Failed():
		return 0
	case s.Working():
		return 1
	case s == board.Waiting:
		return 2
	}
	return 3
}

// row is a board's line.
func row(v *actors.View, width int) string {
	const name, state = 9, 16 // failed_self_test is the longest
	text := fmt.Sprintf("%-*s %-*s %s %s", name, v.Spec.Name, state, v.Board.State, bar(v), note(v))
	line := []rune(clip(strings.TrimRight(text, " "), width))
	from, to := min(name+1, len(line)), min(name+1+state, len(line))
	if from == to {
		return string(line)
	}
	return string(line[:from]) + colour(v.Board.State) + string(line[from:to]) + "\x1b[0m" + string(line[to:])
}

// clip cuts a line so that it leaves the terminal's last column free: erasing to the end of a full line would take its
// last character.
func clip(text string, width int) string {
	if r := []rune(text); width > 1 && len(r) > width-1 {
		return string(r[:width-2]) + "…"
	}
	return text
}

func colour(s board.State) string {
	switch {
	case s == board.Ready:
		return "\x1b[32m"
	case s.Failed():
		return "\x1b[31m"
	case s == board.Waiting:
		return "\x1b[90m"
	}
	return "\x1b[33m"
}

// stages are the steps of an imaging run, for the bar.
var stages = []board.State{board.Cutting, board.Powering, board.Booting, board.Live, board.Downloading, board.Writing, board.Restarting, board.Verifying, board.Ready}

// bar shows how far a board is; what is being written counts by its bytes.
func bar(v *actors.View) string {
	const width = 18
	full := (slices.Index(stages, v.Board.State) + 1) * width / len(stages)
	if p := v.Progress; v.Board.State == board.Writing && p.Total > 0 {
		full += int(int64(width/len(stages)) * p.Done / p.Total)
	}
	full = min(full, width)
	return "[" + strings.Repeat("█", full) + strings.Repeat("·", width-full) + "]"
}

// note says in a few words what a board is at, and what went wrong last in this attempt.
func note(v *actors.View) string {
	b := &v.Board
	var parts []string
	switch {
	case b.State == board.Waiting && v.Queue > 0:
		parts = append(parts, fmt.Sprintf("for %s, place %d", b.WaitingFor, v.Queue))
	case b.State == board.Waiting:
		parts = append(parts, "for "+string(b.WaitingFor))
	case b.State == board.Ready && b.Card != "":
		parts = append(parts, b.Card)
	}
	if n := tries(v); n > 0 {
		parts = append(parts, plural(n, "try", "tries")+" spent")
	}
	if b.Blame != nil {
		parts = append(parts, fmt.Sprintf("last trouble: %s: %s", b.Blame.Part, b.Blame.Text))
	}
	return strings.Join(parts, "; ")
}

// tries are those that the board has spent in its attempt.
func tries(v *actors.View) int {
	sum := 0
	for _, n := range v.Board.Tries {
		sum += int(n)
	}
	return sum
}

func summary(views []*actors.View) string { return many(len(views), "board") + ": " + counts(views) }

// counts says how many boards are where.
func counts(views []*actors.View) string {
	names := []string{"ready", "failed", "at work", "waiting", "at rest"}
	numbers := make([]int, len(names))
	for _, v := range views {
		switch s := v.Board.State; {
		case s == board.Ready:
			numbers[0]++
		case s.Failed():
			numbers[1]++
		case s.Working():
			numbers[2]++
		case s == board.Waiting:
			numbers[3]++
		default:
			numbers[4]++
		}
	}
	var parts []string
	for i, n := range numbers {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, names[i]))
		}
	}
	return strings.Join(parts, ", ")
}
