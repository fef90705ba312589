package actors

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// at is a good write at so many MB/s.
func at(speed float64) cardWrite { return cardWrite{Bytes: 100e6, Seconds: 100 / speed} }

func TestJudgeCard(t *testing.T) {
	t.Parallel()
	bad := cardWrite{Bytes: 100e6, Seconds: 5, Bad: true}
	for name, c := range map[string]struct {
		writes []cardWrite
		says   string // empty: nothing
	}{
		"new":               {nil, ""},
		"steady":            {[]cardWrite{at(20), at(21), at(19), at(20), at(22), at(20), at(19), at(18)}, ""},
		"one slow write":    {[]cardWrite{at(20), at(21), at(19), at(20), at(22), at(20), at(3), at(19)}, ""},
		"too few to tell":   {[]cardWrite{at(20), at(20), at(20), at(20), at(2), at(2), at(2)}, ""},
		"slower and slower": {[]cardWrite{at(20), at(21), at(19), at(20), at(22), at(9), at(8), at(7)}, "writes 8.0 MB/s, and wrote 20.0 before"},
		"says it is worn":   {[]cardWrite{at(20), {Bytes: 100e6, Seconds: 5, Wear: &board.Wear{Life: 10}}}, "90 to 100 % of its life"},
		"said so before":    {[]cardWrite{{Bytes: 100e6, Seconds: 5, Wear: &board.Wear{Errors: 2}}, at(20)}, ""},
		"kept most of it":   {append(slices.Repeat([]cardWrite{at(20)}, 5), slices.Repeat([]cardWrite{{Bytes: 100e6, Seconds: 90, Skipped: 99e6}}, 5)...), ""},
		"forgets twice":     {[]cardWrite{at(20), bad, at(20), bad}, "in 2 of its last 4 writes"},
		"forgot once":       {[]cardWrite{at(20), bad, at(20)}, ""},
		"forgot long ago":   {append([]cardWrite{bad, bad}, at(20), at(20), at(20), at(20), at(20), at(20), at(20), at(20), at(20), at(20)), ""},
	} {
		if got := judgeCard(c.writes); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

// sized are plans that know how much is written.
type sized struct{ plans }

func (p sized) Plan(ctx context.Context, s inventory.Spec, w board.Want, image string, c map[string]string) (*Inputs, error) {
	in, err := p.plans.Plan(ctx, s, w, image, c)
	if in != nil {
		in.Bytes = 100e6
	}
	return in, err
}

// TestCardWearsOut: a card that forgets is told before it fails its board, also after a restart, until it is exchanged.
func TestCardWearsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *Config) { c.Planner = sized{} })
		defer func() { w.f.Stop() }()
		w.wish("board1", board.WantImage, "v2")
		for range cardBad { // it reads back otherwise, and is written again
			w.until("board1", board.Booting)
			for _, k := range []board.Kind{board.StageRead, board.Downloads, board.Writes} {
				w.says("board1", k)
			}
			time.Sleep(10 * time.Second) // virtual
			v := w.f.ByName("board1")
			if _, err := w.f.Ask(t.Context(), "board1", Evidence{Input: board.Input{Kind: board.Rebooting, Token: v.Board.Token, Text: "differs"}}); err != nil {
				t.Fatal(err)
			}
		}
		w.install("board1")
		synctest.Wait()
		w.restart(1, time.Minute)
		list := w.f.RepairList()
		if len(list) != 1 || list[0].Part != board.PartCard || !strings.Contains(list[0].Why, "in 2 of its last 3 writes") {
			t.Fatalf("%+v", list)
		}
		if why, err := w.f.Why("board1"); err != nil || !strings.Contains(why.Text, "its card") || why.Remedy == "" {
			t.Errorf("%+v, %v", why, err)
		}
		if _, err := w.f.Repaired(t.Context(), "board1", RepairOrder{Part: board.PartCard, By: "ann"}); err != nil {
			t.Fatal(err)
		}
		w.install("board1")
		if list := w.f.RepairList(); len(list) != 0 {
			t.Errorf("with a new card: %+v", list)
		}
	})
}

// TestWritesAreTold: what was written, and what the card had already, stands in the board's log.
func TestWritesAreTold(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]cardWrite{
		"card: 100.0 MB in 5 s, 20.0 MB/s":                {Bytes: 100e6, Seconds: 5},
		"card: 1.5 MB in 40 s; it had 98.5 MB already":    {Bytes: 100e6, Seconds: 40, Skipped: 98.5e6},
		"card: 100.0 MB in 5 s, and it did not keep them": {Bytes: 100e6, Seconds: 5, Bad: true},
		"card: 0.0 MB in 30 s; it had 100.0 MB already":   {Bytes: 100e6, Seconds: 30, Skipped: 100e6},
		"card: 90.0 MB in 5 s, and it did not keep them":  {Bytes: 100e6, Seconds: 5, Skipped: 10e6, Bad: true},
	} {
		if got := w.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
