package cli

import (
	"fmt"
	"io"
	"strings"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// liveRow is a board in the table that --wait draws on a terminal.
type liveRow struct {
	name  string
	state board.State
	since string
	bar   string
	text  string
}

func rowOf(c *Context, b v1.Board) liveRow {
	r := liveRow{name: b.Name, state: b.State, since: age(c.Now(), b.Since), text: c.dated(b)}
	if p := b.Progress; p != nil && b.State.Working() {
		r.bar = bar(p.Done, p.Total)
	}
	return r
}

const barWidth = 20

// bar draws how much of a whole is done; nothing where the whole is not known.
func bar(done, total int64) string {
	if total <= 0 {
		return ""
	}
	n := int(barWidth * max(0, min(done, total)) / total)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", barWidth-n) + "]"
}

// liveRows is how many boards are drawn at most: what scrolls off a terminal cannot be drawn anew.
const liveRows = 20

// liveTable is drawn over and over in the same place.
type liveTable struct {
	out   io.Writer
	color bool
	lines int // drawn the last time
}

// clear takes the table off the screen, so that what is said next stands above it.
func (l *liveTable) clear() {
	if l.lines > 0 {
		_, _ = fmt.Fprintf(l.out, "\r\x1b[%dA\x1b[J", l.lines) // for people only
		l.lines = 0
	}
}

func (l *liveTable) draw(open []*waiter) {
	if len(open) == 0 {
		return
	}
	t := &table{head: []string{"BOARD", "STATE", "FOR", "DONE", "DOING"}}
	for _, w := range open[:min(len(open), liveRows)] {
		text := w.row.text
		if w.row.state == "" {
			text = w.said
		}
		t.add(plain(w.row.name), stateCell(w.row.state), plain(w.row.since), plain(w.row.bar), plain(short(text)))
	}
	if err := t.write(l.out, l.color); err != nil {
		return // nobody is left to draw for
	}
	l.lines = len(t.rows) + 1
	if rest := len(open) - liveRows; rest > 0 {
		_, _ = fmt.Fprintf(l.out, "and %d more\n", rest) // for people only
		l.lines++
	}
}

// shortText keeps a row on one line of a usual terminal: a row that wraps would not be taken off whole.
const shortText = 36

func short(text string) string {
	r := []rune(text)
	if len(r) <= shortText {
		return text
	}
	return string(r[:shortText-1]) + "…"
}
