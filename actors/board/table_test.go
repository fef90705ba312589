package board

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestDrawing holds the drawings to the table.
func TestDrawing(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]string{"board.dot": Dot(), "board.md": Markdown()} {
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
			t.Errorf("%s differs from the table; run the test with -update and read the difference", name)
		}
	}
}

// TestEveryTargetHasARow: no event, limit or budget leads out of the table.
func TestEveryTargetHasARow(t *testing.T) {
	t.Parallel()
	for s, r := range table {
		for _, e := range edgesFrom(s) {
			if !e.to.Valid() {
				t.Errorf("%s leads to %q, which has no row", s, e.to)
			}
		}
		if !slices.Contains(States(), s) {
			t.Errorf("%s is not listed by States", s)
		}
		if r.why == "" {
			t.Errorf("%s has no reason", s)
		}
	}
	if len(States()) != len(table) {
		t.Errorf("States lists %d states, the table has %d", len(States()), len(table))
	}
}

// TestEveryStateIsReached: each has a way in from the table, by a wish, or by an operator.
func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	reached := map[State]bool{New: true, Cutting: true, Powering: true, Waiting: true}
	for _, s := range settable {
		reached[s] = true
	}
	for s := range table {
		for _, e := range edgesFrom(s) {
			reached[e.to] = true
		}
	}
	for _, s := range States() {
		if !reached[s] {
			t.Errorf("nothing leads to %s", s)
		}
	}
}

// TestRestPauseOrLimit: a state is a rest, the pause, or has a limit, tries, a way on and a way out.
func TestRestPauseOrLimit(t *testing.T) {
	t.Parallel()
	for s, r := range table {
		switch {
		case r.rest, s == Waiting:
			if r.within != 0 || r.tries != 0 || r.fail != "" || r.enter != "" {
				t.Errorf("%s rests, but has a limit, tries or effects", s)
			}
		case r.within == 0 || r.tries == 0 || r.els == "" || !r.fail.Failed():
			t.Errorf("%s works without limit, tries, a way on or a failed rest", s)
		}
	}
}

// TestNothingCutsOnResume: from booting on, no restart of the server cuts a board.
func TestNothingCutsOnResume(t *testing.T) {
	t.Parallel()
	for s, r := range table {
		if r.resume == MakeOff && s != Cutting {
			t.Errorf("%s cuts the board on resume", s)
		}
	}
}

// TestSilence: after a resume a script has the time to look for another server, however short the stall limit.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state State
		free  bool
		stall time.Duration
		want  time.Duration
	}{
		{Writing, false, 0, 2 * time.Minute}, {Writing, true, 0, 2 * time.Minute},
		{Downloading, false, 20 * time.Second, 20 * time.Second}, {Downloading, true, 20 * time.Second, searchTime},
		{Booting, true, 20 * time.Second, 0},
	} {
		if got := (&Rules{Stall: c.stall}).Silence(&Board{State: c.state, Free: c.free}); got != c.want {
			t.Errorf("%s, free %v, stall limit %v: %v, want %v", c.state, c.free, c.stall, got, c.want)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "–", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s", 30 * time.Second: "30s",
		20 * time.Minute: "20m", 10 * time.Second: "10s", 1500 * time.Millisecond: "1.5s"} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}
