package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func attempt(day, tries int, want board.Want, image string, result board.State, part board.Part) actors.Attempt {
	a := actors.Attempt{Want: want, Image: image, Ended: noon.AddDate(0, 0, day), Result: result, Tries: tries}
	a.Began = a.Ended.Add(-time.Duration(100+day) * time.Second)
	if part != "" {
		a.Blame = &board.Blame{Part: part, Text: "why"}
	}
	return a
}

func step(seconds int, from, to board.State) actors.Event {
	return actors.Event{At: noon.Add(time.Duration(seconds) * time.Second), From: from, To: to}
}

// told are the details of an attempt: moves lead from state to state, 2 s each, the second boot with a failed visit before
// it, and a relay answers once.
func told(states ...board.State) []actors.Moment {
	var all []actors.Moment
	for i := 1; i < len(states); i++ {
		m := actors.Moment{At: noon.Add(time.Duration(2*i) * time.Second), What: actors.MomentMove, From: states[i-1], To: states[i]}
		if m.To == board.Cutting && i > 1 {
			m.Part = board.PartBoard
		}
		all = append(all, m)
	}
	return append(all, actors.Moment{At: noon, What: actors.MomentInput, Kind: board.PowerIsOff, Took: 350})
}

// TestDetails: details count where they are whole; one with a hole, and an attempt without, leave it to the history.
func TestDetails(t *testing.T) {
	t.Parallel()
	one := func(details []actors.Moment) v1.Report {
		a := attempt(0, 1, board.WantImage, "v1", board.Ready, "")
		a.Number = 7
		events := []actors.Event{step(0, board.Ready, board.Cutting), step(9, board.Cutting, board.Ready)}
		events[0].Attempt, events[1].Attempt, events[1].Part = 7, 7, board.PartRelay
		return Make([]Board{{Name: "b1", Hardware: "panda", Relay: "r1", Attempts: []actors.Attempt{a}, Events: events, Details: map[uint32][]actors.Moment{7: details}}},
			noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 1))
	}
	full := told(board.Ready, board.Cutting, board.Powering, board.Booting, board.Cutting, board.Powering, board.Booting, board.Ready)
	for what, c := range map[string]struct {
		details  []actors.Moment
		detailed int
		cutting  v1.ReportStage
		visit    v1.ReportVisits
	}{
		"whole":        {full, 1, v1.ReportStage{Count: 2, P50: 2, P95: 2}, v1.ReportVisits{Stage: "booting", Part: board.PartBoard, Times: 1}},
		"a hole":       {append(full[:2:2], full[3:]...), 0, v1.ReportStage{Count: 1, P50: 9, P95: 9}, v1.ReportVisits{Stage: "cutting", Part: board.PartRelay, Times: 1}},
		"no beginning": {full[1:], 0, v1.ReportStage{Count: 1, P50: 9, P95: 9}, v1.ReportVisits{Stage: "cutting", Part: board.PartRelay, Times: 1}},
		"no end":       {full[:6], 0, v1.ReportStage{Count: 1, P50: 9, P95: 9}, v1.ReportVisits{Stage: "cutting", Part: board.PartRelay, Times: 1}},
		"none":         {nil, 0, v1.ReportStage{Count: 1, P50: 9, P95: 9}, v1.ReportVisits{Stage: "cutting", Part: board.PartRelay, Times: 1}},
	} {
		r := one(c.details)
		c.cutting.Hardware, c.cutting.Stage = "panda", "cutting"
		if r.Detailed != c.detailed || r.Stages[0] != c.cutting || len(r.Visits) != 1 || r.Visits[0] != c.visit {
			t.Errorf("%s: %d detailed, %+v, %+v", what, r.Detailed, r.Stages[0], r.Visits)
		}
		if c.detailed == 0 {
			continue
		}
		if want := (v1.ReportBoots{Hardware: "panda", Attempts: 1, P50: 2, P95: 2, Most: 2}); len(r.Boots) != 1 || r.Boots[0] != want {
			t.Errorf("%s: boots %+v", what, r.Boots)
		}
		if want := (v1.ReportAnswer{Relay: "r1", Count: 1, P50: .35, P95: .35}); len(r.Answers) != 1 || r.Answers[0] != want {
			t.Errorf("%s: answers %+v", what, r.Answers)
		}
	}
}

// sample has every kind of ending, two kinds of boards, and a name that wants to be markup.
func sample() v1.Report {
	r := Make([]Board{
		{Name: "b1", Hardware: "panda", Relay: "relay1", Attempts: []actors.Attempt{
			attempt(0, 0, board.WantImage, "v1", board.Ready, ""), attempt(1, 2, board.WantImage, "v1", board.Ready, ""),
			attempt(-9, 5, board.WantImage, "old", board.FailedBoot, board.PartCard)},
			Events: []actors.Event{step(0, board.Ready, board.Cutting), step(3, board.Cutting, board.Powering), step(5, board.Powering, board.Booting),
				step(30, board.Booting, board.Live), step(40, board.Ready, board.Cutting), step(44, board.Cutting, board.Powering)}},
		{Name: "<i>2</i>", Hardware: "qemu-arm64", Relay: "relay1", Attempts: []actors.Attempt{
			attempt(1, 6, board.WantImage, "v2", board.FailedBoot, board.PartCard), attempt(1, 0, board.WantCard, "v2", board.Ready, ""),
			attempt(2, 0, board.WantMaintenance, "", board.Maintenance, "")}},
		{Name: "b3", Hardware: "panda", Relay: "relay2", Details: map[uint32][]actors.Moment{0: told(board.Off, board.Cutting, board.Powering, board.Booting, board.Cutting, board.FailedSelfTest)}, Attempts: []actors.Attempt{attempt(2, 1, board.WantSelfTest, "", board.FailedSelfTest, board.PartBoard)}},
	}, noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 2))
	r.Missing = []string{"img2"}
	return r
}

func TestMake(t *testing.T) {
	t.Parallel()
	r := sample()
	if want := (v1.ReportCount{Attempts: 6, FirstBoot: 2, Succeeded: 3, Failed: 2, Tries: 9}); r.Sum != want {
		t.Errorf("sum %+v, want %+v", r.Sum, want)
	}
	if givenUp(r.Sum) != 1 {
		t.Errorf("%d given up, want the cancelled one", givenUp(r.Sum))
	}
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(data, '\n'))
	if len(r.Days) != 4 || r.Days[0].Attempts != 0 || r.Days[1].Attempts != 1 {
		t.Errorf("days %+v", r.Days)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Text(&b, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", b.Bytes())
}

// TestHTML: the page is well formed, needs nothing beside it, and shows names as text.
func TestHTML(t *testing.T) {
	t.Parallel()
	for what, r := range map[string]v1.Report{"full": sample(), "empty": Make(nil, noon, noon)} {
		var b bytes.Buffer
		if err := HTML(&b, r); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(text, "<i>2</i>") || strings.Contains(text, "http") || strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "NaN") {
			t.Errorf("%s: %s", what, text)
		}
		d := xml.NewDecoder(strings.NewReader(text[strings.Index(text, "<body>"):strings.Index(text, "</html>")]))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is not well formed: %v", what, err)
			}
		}
		if what == "full" {
			golden(t, "report.html", b.Bytes())
		}
	}
}

// TestRank: a percentile occurred, at least that part is not above it, and it is the least such.
func TestRank(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		p := rapid.IntRange(1, 100).Draw(t, "percent")
		sorted := make([]time.Duration, n)
		for i := range sorted {
			sorted[i] = time.Duration(i+1) * time.Second
		}
		got := rank(sorted, p) // so many are not above it
		if got*100 < float64(n*p) || (got-1)*100 >= float64(n*p) {
			t.Fatalf("percentile %d of %d is number %v", p, n, got)
		}
	})
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (%v); see it with -update:\n%s", name, err, got)
	}
}
