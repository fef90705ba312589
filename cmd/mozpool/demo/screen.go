package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/httpapi/events"
)

const (
	redraw = 150 * time.Millisecond
	look   = 50 * time.Millisecond
)

// size is that of a terminal, in characters and lines.
type size struct{ width, height int }

// screen shows the boards: a live table on a terminal, a line a change elsewhere.
type screen struct {
	o     Options
	out   io.Writer
	title []string // what hello said
	hints []string // what can be tried, once every board rests
	// troubles are the incidents in words, and told what was said last of each.
	troubles []string
	told     map[string]string
	size     size     // of the terminal at the last drawing
	drawn    []string // lines of the table on the terminal
}

func newScreen(o Options) *screen { return &screen{o: o, out: o.Out, told: make(map[string]string)} }

func (s *screen) print(text string) { _, _ = io.WriteString(s.out, text) } // nobody is left to tell

// hello says where everything is, the API first.
func (s *screen) hello(r *Rack) {
	url, rack := r.Server.APIURL(), r.Server.Racks()[rackName]
	s.title = []string{
		"api " + url,
		fmt.Sprintf("rack %s: %s behind %s", rackName, many(s.o.Boards, "simulated board"), many(len(r.Relays), "relay board")),
		fmt.Sprintf("listens on %s: TFTP %d, HTTP %d, syslog %d", rack.HTTP.Addr(), rack.TFTP.Port(), rack.HTTP.Port(), rack.Syslog.Port()),
		fmt.Sprintf("speed %g, fault rate %g, seed %d", s.o.Speed, s.o.FaultRate, s.o.Seed),
		"",
	}
	if r.inventory != nil {
		s.title = slices.Insert(s.title, 3, fmt.Sprintf("boards come from a pretended %s at %s; see: mozpool --server %s inventory status", inventoryNames[r.inventory.kind], r.inventory.url, url))
	}
	s.print(strings.Join(s.title, "\n") + "\n")
}

// watch shows the boards until ctx ends or, with Once, until every board rests.
func (s *screen) watch(ctx context.Context, r *Rack) {
	every := look
	if s.o.Size != nil {
		every = redraw
	}
	t := time.NewTicker(every)
	defer t.Stop()
	news := r.Server.Events().Kept()
	for {
		rested := r.peace.Load() && r.atRest() // before the boards are looked at, so that the last change is shown
		s.incidents(r.Server.Fleet().Incidents())
		s.show(r.Server.Fleet().Views(), news)
		if rested && s.o.Once {
			return
		}
		if rested && s.hints == nil {
			s.hint(hints(r.Server.APIURL()))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// incidents tells of each that opens, and of its end: on a terminal below the table, elsewhere once.
func (s *screen) incidents(all []actors.Incident) {
	s.troubles = nil
	for _, i := range slices.Backward(all) {
		said := fmt.Sprintf("incident %s: %s", i.ID, i.Text)
		if !i.Closed.IsZero() {
			said = fmt.Sprintf("incident %s is over: %s", i.ID, i.Subject)
		}
		s.troubles = append(s.troubles, said)
		if s.o.Size == nil && s.told[i.ID] != said {
			s.print(said + "\n")
		}
		s.told[i.ID] = said
	}
}

// hint shows hints from now on: on a terminal below the table, elsewhere once.
func (s *screen) hint(hints []string) {
	s.hints = hints
	if s.o.Size == nil {
		s.print(strings.Join(hints, "\n") + "\n")
	}
}

// hints says what can be tried while the demo runs on.
func hints(url string) []string {
	out := []string{"", "Every board rests. The server goes on until you interrupt it; try in another terminal:", "  export MOZPOOL_SERVER=" + url}
	for _, c := range []string{"board list", "board why board1", "board log board1 --tail 20", "board image board1 --image " + imageName + " --wait", "board power cycle board1 --wait"} {
		out = append(out, "  bin/mozpool "+c)
	}
	return out
}

// show shows what has changed: on a terminal the table, elsewhere every transition, however short the board stayed.
func (s *screen) show(views []*actors.View, news *events.Reader) {
	if s.o.Size != nil {
		s.draw(views)
		return
	}
	now := make(map[string]*actors.View, len(views))
	for _, v := range views {
		now[v.Spec.Name] = v
	}
	for e, _, ok := news.Next(); ok; e, _, ok = news.Next() {
		text := e.Text
		if v := now[e.Board]; v != nil && v.Board.Visit == e.Visit {
			text = note(v)
		}
		s.print(strings.TrimRight(fmt.Sprintf("%-9s %-16s %s", e.Board, e.To, text), " ") + "\n")
	}
}

// goodbye says how it ended. With JSON that is the last line of all.
func (s *screen) goodbye(r Result, interrupted bool) {
	if interrupted {
		s.print("\ninterrupted; everything is cleaned up\n")
	}
	kept := ""
	if r.Kept > 0 {
		kept = fmt.Sprintf(", %.0f MiB were on the cards already", float64(r.Kept)/(1<<20))
	}
	s.print(fmt.Sprintf("%s, %d ready, %d failed, %s, %s, %.1f s%s\n", many(r.Boards, "board"), r.Ready, r.Failed, many(r.Attempts, "attempt"), plural(r.Retries, "retry", "retries"), r.Seconds, kept))
	if !s.o.JSON {
		return
	}
	data, err := json.Marshal(r)
	if err != nil {
		return // plain numbers always marshal
	}
	s.print(string(data) + "\n")
}

func many(n int, what string) string { return plural(n, what, what+"s") }

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
