package cli

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// went is an attempt that went through states, ten seconds each.
func went(number uint32, result board.State, states ...board.State) v1.AttemptDetail {
	d := v1.AttemptDetail{Attempt: v1.Attempt{Number: number, Want: board.WantImage, Image: "v2", By: "ann", Began: apitest.Now, Result: result}}
	at, from := apitest.Now, board.New
	for _, s := range states {
		d.Events = append(d.Events, v1.Event{At: at, From: from, To: s, By: board.Timeout})
		at, from = at.Add(10*time.Second), s
	}
	d.Ended = at
	return d
}

func TestDifference(t *testing.T) {
	t.Parallel()
	good := went(1, board.Ready, board.Cutting, board.Powering, board.Booting, board.Live, board.Ready)
	for name, c := range map[string]struct {
		d    v1.AttemptDetail
		want []string
	}{
		"the same way": {went(2, board.Ready, board.Cutting, board.Powering, board.Booting, board.Live, board.Ready), []string{"went the same way"}},
		"another way": {went(2, board.FailedBoot, board.Cutting, board.Powering, board.Booting, board.Cutting),
			[]string{"both: cutting → powering → booting\n", "attempt 2, then: booting → cutting (timeout) after 10s", "attempt 1, then: booting → live"}},
		"shorter":   {went(2, board.Cutting, board.Cutting), []string{"both: cutting\n", "attempt 2, then: nothing more", "attempt 1, then: cutting → powering"}},
		"at once":   {went(2, board.Off, board.Off), []string{"both: nothing", "attempt 2, then: new → off"}},
		"no events": {went(2, board.Off), []string{"both: nothing", "attempt 2, then: nothing more"}},
	} {
		got := difference(c.d, good)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", name, got, want)
			}
		}
	}
}

// TestTimeline: the log and the history together, each transition once, in the order of time.
func TestTimeline(t *testing.T) {
	t.Parallel()
	d := went(7, board.FailedBoot, board.Cutting, board.Booting, board.FailedBoot)
	d.Blame = &board.Blame{Part: board.PartCard, Text: "silent"}
	d.Lines = []v1.Line{
		{At: apitest.Now.Add(time.Second), Source: "relay", Text: "off, read back \x1b[2J"},
		{At: apitest.Now.Add(10*time.Second + time.Millisecond), Source: "statemachine", Text: "cutting → booting (power_is_on), boot 1"},
	}
	var out strings.Builder
	if err := timeline(&out, d); err != nil {
		t.Fatal(err)
	}
	golden(t, "timeline.txt", []byte(out.String()))
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := filepath.Join(t.TempDir(), "b1-6")
	if code := w.run(t, "board", "attempt", "b1", "6", "--export", name); code != 0 {
		t.Fatalf("exit %d, %s", code, w.err.String())
	}
	f, err := os.Open(name + ".tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // read only
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.Name)
	}
	if want := "b1-6/attempt.json b1-6/board.json b1-6/timeline.txt b1-6/why.json"; strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
	if code := w.run(t, "board", "attempt", "b1", "6", "--export", name); code != ExitUsage {
		t.Errorf("over what is there already: exit %d", code)
	}
	if code := w.run(t, "board", "attempt", "b1", "6", "--against", "last-good"); code != ExitNotFound {
		t.Errorf("without a good one: exit %d, %s", code, w.err.String())
	}
	if code := w.run(t, "board", "attempt", "b1", "6", "--against", "x"); code != ExitUsage {
		t.Errorf("against nonsense: exit %d", code)
	}
	if code := w.run(t, "board", "attempt", "b1", "99"); code != ExitNotFound {
		t.Errorf("an attempt that is none: exit %d", code)
	}
}
