package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mozpool/actors/board"
)

// table is rows of cells in aligned columns.
type table struct {
	head []string
	more []string // heads of the columns that only -o wide shows, behind the others
	rows [][]cell
}

// narrow leaves out what only -o wide shows.
func (t *table) narrow() {
	t.more = nil
	for i, row := range t.rows {
		t.rows[i] = row[:min(len(row), len(t.head))]
	}
}

// cell is a text and its colour; 0: none.
type cell struct {
	text  string
	color int
}

func plain(text string) cell { return cell{text: text} }

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// write prints the table. Widths are counted in characters, before colours are added; the last column is not padded.
func (t *table) write(w io.Writer, color bool) error {
	var head []cell
	for _, h := range slices.Concat(t.head, t.more) {
		head = append(head, plain(h))
	}
	widths := make([]int, len(head))
	all := append([][]cell{head}, t.rows...)
	for _, row := range all {
		for i := range row {
			row[i].text = visible(row[i].text)
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	var out strings.Builder
	for _, row := range all {
		for i, c := range row {
			writeCell(&out, c, widths[i], i == len(row)-1, color)
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func writeCell(out *strings.Builder, c cell, width int, last, color bool) {
	text := c.text
	if text == "" {
		text = "-"
	}
	pad := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))+2)
	if color && c.color != 0 {
		text = fmt.Sprintf("\x1b[%dm%s\x1b[0m", c.color, text)
	}
	out.WriteString(text)
	if !last {
		out.WriteString(pad)
	}
}

// visible keeps what boards and people have written from moving the cursor.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '·'
		}
		return r
	}, s)
}

const (
	red    = 31
	green  = 32
	yellow = 33
	cyan   = 36
)

func stateCell(s board.State) cell {
	c := plain(string(s))
	switch {
	case s == board.Ready:
		c.color = green
	case s.Failed():
		c.color = red
	case s == board.Waiting, s == board.LockedOut, s == board.Troubleshooting:
		c.color = yellow
	case s.Working():
		c.color = cyan
	}
	return c
}

// age says how long ago a time was: 5s, 3m, 2h, 4d. A clock that is a little behind the server's gives 0s.
func age(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := max(0, now.Sub(t))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

// left says how long it is until a time. It rounds to the nearest, where age rounds down: of two hours that have just
// begun, two are left.
func left(now, t time.Time) string {
	d, unit := t.Sub(now), 24*time.Hour
	switch {
	case d < time.Minute:
		unit = time.Second
	case d < time.Hour:
		unit = time.Minute
	case d < 48*time.Hour:
		unit = time.Hour
	}
	return age(now.Add(d.Round(unit)), now)
}
