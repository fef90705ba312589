package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
)

const (
	redraw = 150 * time.Millisecond
	look   = 50 * time.Millisecond
)

// screen shows the boards: a live table on a terminal, a line a change elsewhere.
type screen struct {
	o     Options
	r     *Rack
	out   io.Writer
	seen  map[string]uint64 // visit shown last
	lines int               // drawn on the terminal
}

func newScreen(o Options, r *Rack) *screen {
	return &screen{o: o, r: r, out: o.Out, seen: make(map[string]uint64)}
}

func (s *screen) printf(format string, a ...any) { _, _ = fmt.Fprintf(s.out, format, a...) } // nobody is left to tell

func (s *screen) hello() {
	rack := s.r.Server.Racks()["r1"]
	s.printf("api %s\n", s.r.Server.APIURL())
	s.printf("rack r1: %d simulated boards behind %d relay boards; TFTP %s, HTTP %s, syslog %s\n", s.o.Boards, len(s.r.Relays), rack.TFTP, rack.HTTP, rack.Syslog)
	s.printf("speed %g, fault rate %g, seed %d\n\n", s.o.Speed, s.o.FaultRate, s.o.Seed)
}

// watch shows the boards until done says so or ctx ends; false: it was interrupted.
func (s *screen) watch(ctx context.Context, done func() bool) bool {
	every := look
	if s.o.Terminal {
		every = redraw
	}
	t := time.NewTicker(every)
	defer t.Stop()
	rested := false
	for {
		finished := done()
		s.show()
		if !rested && s.r.atRest() {
			rested = true
			if !finished {
				s.next()
			}
		}
		if finished {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
		}
	}
}

func (s *screen) show() {
	views := s.r.Server.Fleet().Views()
	if s.o.Terminal {
		s.table(views)
		return
	}
	for _, v := range views {
		if s.seen[v.Spec.Name] == v.Board.Visit {
			continue
		}
		s.seen[v.Spec.Name] = v.Board.Visit
		s.printf("%-9s %-12s %s\n", v.Spec.Name, v.Board.State, note(v))
	}
}

// table draws the boards over what was drawn before; those that do not fit are counted.
func (s *screen) table(views []*actors.View) {
	var b bytes.Buffer
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.lines)
	}
	room := max(s.o.Height-4, 4)
	s.lines = 0
	line := func(text string) {
		fmt.Fprintf(&b, "%s\x1b[K\n", clip(text, s.o.Width))
		s.lines++
	}
	line(counts(views))
	for i, v := range views {
		if i == room-1 && len(views) > room {
			line(fmt.Sprintf("… and %d more", len(views)-i))
			break
		}
		line(fmt.Sprintf("%-9s %s%-12s\x1b[0m %s %s", v.Spec.Name, colour(v.Board.State), v.Board.State, bar(v), note(v)))
	}
	_, _ = s.out.Write(b.Bytes()) // nobody is left to tell
}

// clip cuts a line to the terminal's width; the colour codes in it take none.
func clip(text string, width int) string {
	if r := []rune(text); width > 0 && len(r) > width+9 {
		return string(r[:width+8]) + "…"
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
	full := 0
	for i, s := range stages {
		if s == v.Board.State {
			full = (i + 1) * width / len(stages)
		}
	}
	if p := v.Progress; v.Board.State == board.Writing && p.Total > 0 {
		full += int(int64(width/len(stages)) * p.Done / p.Total)
	}
	full = min(full, width)
	return "[" + strings.Repeat("█", full) + strings.Repeat("·", width-full) + "]"
}

// note says in a few words what a board is at.
func note(v *actors.View) string {
	b := &v.Board
	tries := 0
	for _, n := range b.Tries {
		tries += int(n)
	}
	var parts []string
	if b.State == board.Waiting {
		parts = append(parts, fmt.Sprintf("for %s, number %d", b.WaitingFor, v.Queue))
	}
	if b.State == board.Ready && b.Card != "" {
		parts = append(parts, b.Card)
	}
	if tries > 0 {
		parts = append(parts, fmt.Sprintf("%d tries spent", tries))
	}
	if b.Blame != nil {
		parts = append(parts, fmt.Sprintf("%s: %s", b.Blame.Part, b.Blame.Text))
	}
	return strings.Join(parts, "; ")
}

func counts(views []*actors.View) string {
	ready, failed := 0, 0
	for _, v := range views {
		switch {
		case v.Board.State == board.Ready:
			ready++
		case v.Board.State.Failed():
			failed++
		}
	}
	return fmt.Sprintf("%d boards: %d ready, %d failed, %d at work", len(views), ready, failed, len(views)-ready-failed)
}

// next says what can be tried while the demo runs on.
func (s *screen) next() {
	url := s.r.Server.APIURL()
	s.printf("\nEvery board rests. The server goes on until you interrupt it; try in another terminal:\n")
	s.printf("  export MOZPOOL_SERVER=%s\n", url)
	for _, c := range []string{"board list", "board why board1", "board log board1 --tail 20", "board image board1 --image " + imageName + " --wait", "board power cycle board2 --wait"} {
		s.printf("  bin/mozpool %s\n", c)
	}
	s.lines = 0
}

func (s *screen) goodbye(r Result, done bool) {
	if !done {
		s.printf("\ninterrupted; everything is cleaned up\n")
	}
	s.printf("%d boards, %d ready, %d failed, %d attempts, %d retries, %.1f s\n", r.Boards, r.Ready, r.Failed, r.Attempts, r.Retries, r.Seconds)
	if s.o.JSON {
		data, err := json.Marshal(r)
		if err != nil {
			return // plain numbers always marshal
		}
		s.printf("%s\n", data)
	}
}
