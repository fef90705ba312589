package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	v1 "mozpool/httpapi/v1"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{"percent": percent, "seconds": seconds, "givenUp": givenUp, "missing": missing}).Parse(pageText))

// HTML writes a report as a page that needs nothing beside it: no script, no style sheet, no picture.
func HTML(w io.Writer, r v1.Report) error {
	stages, whole := stageBars(r.Stages)
	err := page.Execute(w, map[string]any{"R": r, "Days": dayBars(r.Days), "Most": mostOf(r.Days), "Stages": stages, "Whole": whole, "Blame": blameBars(r.Blame),
		"Visits": visitBars(r.Visits), "Groups": groups(r)})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// The plots' measures, in the units of their view boxes.
const (
	plotWidth  = 720.0
	dayHeight  = 160.0
	rowHeight  = 22.0
	labelWidth = 220.0
	barRoom    = plotWidth - labelWidth - 110
)

// dayBar is the column of a day: first boots, later successes and the rest on top of each other.
type dayBar struct {
	X, Width       float64
	FirstY, FirstH float64
	LaterY, LaterH float64
	RestY, RestH   float64
	Day            string
	Labelled       bool
	Count          v1.ReportCount
}

func dayBars(days []v1.ReportDay) []dayBar {
	most := mostOf(days)
	bars := make([]dayBar, len(days))
	step := plotWidth / float64(max(len(days), 1))
	every := (len(days) + 6) / 7 // at most 7 labels have room
	for i, d := range days {
		height := func(n int) float64 { return dayHeight * float64(n) / float64(most) }
		b := dayBar{X: step*float64(i) + step*0.1, Width: step * 0.8, Day: d.Day, Labelled: (len(days)-1-i)%every == 0, Count: d.ReportCount}
		b.FirstH, b.LaterH, b.RestH = height(d.FirstBoot), height(d.Succeeded-d.FirstBoot), height(d.Attempts-d.Succeeded)
		b.FirstY = dayHeight - b.FirstH
		b.LaterY = b.FirstY - b.LaterH
		b.RestY = max(0, b.LaterY-b.RestH) // a rounding below the edge
		bars[i] = b
	}
	return bars
}

// bar is a row with a bar to P95 and a darker one to P50, or one bar.
type bar struct {
	Y, Text, Short, Long float64 // where the row and its text stand; lengths
	Label, Value         string
}

// bars is a plot of rows.
type bars struct {
	Rows   []bar
	Height float64
}

// stageBars are those of the stages, and in a scale of their own, since they last as long as all stages, of whole attempts.
func stageBars(stages []v1.ReportStage) (parts, whole bars) {
	most := map[bool]float64{true: 0.001, false: 0.001}
	for _, s := range stages {
		most[s.Stage == string(Whole)] = max(most[s.Stage == string(Whole)], s.P95)
	}
	for _, s := range stages {
		b, label, of := &parts, s.Hardware+", "+s.Stage, most[s.Stage == string(Whole)]
		if s.Stage == string(Whole) {
			b, label = &whole, s.Hardware
		}
		b.add(s.P50/of, s.P95/of, label, seconds(s.P50)+" / "+seconds(s.P95))
	}
	return parts, whole
}

// visitBars are the most frequent kinds of failed visits.
func visitBars(visits []v1.ReportVisits) bars {
	var b bars
	for _, v := range visits[:min(len(visits), worstLength)] {
		part := float64(v.Times) / float64(visits[0].Times)
		b.add(part, part, fmt.Sprintf("%s, %s", v.Stage, v.Part), fmt.Sprint(v.Times))
	}
	return b
}

// mostOf is how many attempts the highest column stands for.
func mostOf(days []v1.ReportDay) int {
	most := 1
	for _, d := range days {
		most = max(most, d.Attempts)
	}
	return most
}

func blameBars(blame []v1.ReportBlame) bars {
	most := 1
	for _, n := range blame {
		most = max(most, n.Attempts)
	}
	var b bars
	for _, n := range blame {
		part := float64(n.Attempts) / float64(most)
		b.add(part, part, string(n.Part), fmt.Sprint(n.Attempts))
	}
	return b
}

// labelLength is how many characters have room left of the bars.
const labelLength = 32

func (b *bars) add(short, long float64, label, value string) {
	if text := []rune(label); len(text) > labelLength {
		label = string(text[:labelLength-1]) + "…"
	}
	b.Rows = append(b.Rows, bar{Y: b.Height, Text: b.Height + 14, Short: barRoom * short, Long: barRoom * long, Label: label, Value: value})
	b.Height += rowHeight
}

// End is where a row's value stands.
func (b bar) End() float64 { return labelWidth + b.Long + 6 }
