package cli

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// poweredOn is how any attempt at an image begins.
func poweredOn(began time.Time) []actors.Moment {
	return []actors.Moment{
		{At: began, What: actors.MomentInput, Visit: 1, Kind: board.Wish, Verdict: board.Moved, Text: "image v1 asked by ann"},
		{At: began, What: actors.MomentMove, Visit: 2, Boot: 7, Kind: board.Wish, From: board.Ready, To: board.Cutting, Until: began.Add(30 * time.Second)},
		{At: began, What: actors.MomentEffect, Visit: 2, Boot: 7, Effect: board.MakeOff},
		{At: began.Add(87 * time.Millisecond), What: actors.MomentInput, Visit: 2, Boot: 7, Kind: board.PowerIsOff, Verdict: board.Moved, Took: 87},
		{At: began.Add(88 * time.Millisecond), What: actors.MomentMove, Visit: 3, Boot: 7, Kind: board.PowerIsOff, From: board.Cutting, To: board.Booting},
	}
}

func failedBoot(began time.Time) []actors.Moment {
	at := began.Add(3 * time.Minute)
	return append(poweredOn(began),
		actors.Moment{At: at, What: actors.MomentInput, Visit: 3, Boot: 7, Kind: board.Timeout, Verdict: board.Moved},
		actors.Moment{At: at, What: actors.MomentMove, Visit: 4, Boot: 8, Kind: board.Timeout, From: board.Booting, To: board.FailedBoot, Part: board.PartCard,
			Text: "silent after power-on\x1b[2J", Tries: 6, Allowed: 6})
}

func goodBoot(began time.Time) []actors.Moment {
	at := began.Add(20 * time.Second)
	return append(poweredOn(began),
		actors.Moment{At: at, What: actors.MomentInput, Visit: 3, Boot: 7, Kind: board.LoaderAsked, Verdict: board.Noted, Times: 3, Text: "10.0.0.7"},
		actors.Moment{At: at, What: actors.MomentInput, Visit: 3, Boot: 7, Kind: board.StageRead, Verdict: board.Moved},
		actors.Moment{At: at, What: actors.MomentMove, Visit: 4, Boot: 7, Kind: board.StageRead, From: board.Booting, To: board.Live},
		actors.Moment{At: at.Add(time.Second), What: actors.MomentTransfer, Visit: 4, Artifact: "disk", Step: "write", Done: 5, Total: 10})
}

func TestLastGood(t *testing.T) {
	t.Parallel()
	ended := time.Unix(1, 0)
	good := func(n uint32, image string) v1.Attempt {
		return v1.Attempt{Number: n, Want: board.WantImage, Image: image, Result: board.Ready, Ended: ended}
	}
	failed := v1.Attempt{Number: 4, Want: board.WantImage, Image: "v1", Result: board.FailedBoot, Ended: ended}
	cycle := v1.Attempt{Number: 3, Want: board.WantPowerCycle, Image: "v1", Result: board.Ready, Ended: ended}
	of := v1.Attempt{Number: 5, Want: board.WantImage, Image: "v1"}
	for name, c := range map[string]struct {
		all  []v1.Attempt
		want uint32 // 0: none
	}{
		"nothing before":         {nil, 0},
		"the same image first":   {[]v1.Attempt{failed, good(3, "v2"), good(2, "v1")}, 2},
		"else any image":         {[]v1.Attempt{failed, good(3, "v2"), good(2, "v3")}, 3},
		"no later one":           {[]v1.Attempt{good(6, "v1"), of, failed}, 0},
		"only what did the same": {[]v1.Attempt{cycle, failed}, 0},
	} {
		if got, ok := lastGoodOf(c.all, of); got.Number != c.want || ok != (c.want > 0) {
			t.Errorf("%s: attempt %d", name, got.Number)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	move := func(from, to board.State) v1.Moment { return v1.Moment{What: "move", From: from, To: to} }
	of := func(m ...v1.Moment) v1.AttemptDetail {
		return v1.AttemptDetail{Moments: append([]v1.Moment{{What: "input", Kind: board.Wish}, move(board.Ready, board.Cutting)}, m...)}
	}
	noted := v1.Moment{What: "input", Kind: board.LoaderAsked, Verdict: board.Noted}
	live, failed := move(board.Booting, board.Live), move(board.Booting, board.FailedBoot)
	for name, c := range map[string]struct {
		a, b   v1.AttemptDetail
		same   int
		differ bool
	}{
		"equal":                   {of(live), of(live), 1, false},
		"repeats mean nothing":    {of(noted, live), of(live), 1, false},
		"another rest before":     {v1.AttemptDetail{Moments: []v1.Moment{{}, move(board.Off, board.Cutting), live}}, of(live), 1, false},
		"another way":             {of(failed), of(live), 0, true},
		"one goes on":             {of(live), of(live, move(board.Live, board.Writing)), 1, true},
		"transitions must do":     {v1.AttemptDetail{Events: []v1.Event{{To: board.Cutting}, {From: board.Booting, To: board.FailedBoot}}}, of(live), 0, true},
		"what it failed of":       {of(v1.Moment{What: "move", Part: board.PartCard}), of(v1.Moment{What: "move", Part: board.PartBoard}), 0, true},
		"nothing kept":            {v1.AttemptDetail{}, of(live), 0, true},
		"effects are no evidence": {of(v1.Moment{What: "effect", Effect: board.MakeOn}, live), of(live), 1, false},
	} {
		if d, differ := compare(c.a, c.b); differ != c.differ || d.Same != c.same {
			t.Errorf("%s: %d the same, differ %v", name, d.Same, differ)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "b1.tar.gz")
	if code := w.run(t, "board", "attempt", "b1", "6", "--against", "last-good", "--export", path); code != 0 {
		t.Fatal(w.err.String())
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[strings.TrimPrefix(h.Name, "b1-attempt-6/")] = string(data)
	}
	for name, want := range map[string]string{"timeline.txt": "try 6 of 6", "log.txt": "", "attempt.json": `"power_cycles": 6`, "board.json": `"name": "b1"`,
		"why.json": `"It downloads disk."`, "against.json": `"attempt": 5`} {
		if got, ok := content[name]; !ok || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", name, got, want)
		}
	}
	if strings.Contains(content["log.txt"], "hello") {
		t.Error("the log has a line from after the attempt")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAttemptRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for args, want := range map[string]int{
		"board attempt b1 99": ExitNotFound, "board attempt nobody 1": ExitNotFound, "board attempt b1 6 --against x": ExitUsage,
		"board attempt b1 5 --against last-good": ExitFailed, "board attempt b1 6 --export /nowhere/at/all.tar.gz": ExitFailed,
	} {
		if code := w.run(t, strings.Fields(args)...); code != want || w.err.Len() == 0 {
			t.Errorf("%s: exit %d, want %d: %s", args, code, want, w.err.String())
		}
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range []time.Duration{-time.Second, 0, 12345 * time.Millisecond, 182001 * time.Millisecond} {
		got = append(got, offset(time.Unix(100, 0), time.Unix(100, 0).Add(d)))
	}
	if want := []string{"+00.000s", "+00.000s", "+12.345s", "+3m02.001s"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
