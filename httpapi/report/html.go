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

var page = template.Must(template.New("report").Funcs(template.FuncMap{"percent": percent, "seconds": seconds, "givenUp": givenUp}).Parse(pageText))

// HTML writes a report as a page that needs nothing beside it: no script, no style sheet, no picture.
func HTML(w io.Writer, r v1.Report) error {
	err := page.Execute(w, map[string]any{"R": r, "Days": dayBars(r.Days), "Stages": stageBars(r.Stages), "Blame": blameBars(r.Blame), "Groups": groups(r)})
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
	barRoom    = plotWidth - labelWidth - 90
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
	most := 1
	for _, d := range days {
		most = max(most, d.Attempts)
	}
	bars := make([]dayBar, len(days))
	step := plotWidth / float64(max(len(days), 1))
	every := (len(days) + 6) / 7 // at most 7 labels have room
	for i, d := range days {
		height := func(n int) float64 { return dayHeight * float64(n) / float64(most) }
		b := dayBar{X: step*float64(i) + step*0.1, Width: step * 0.8, Day: d.Day, Labelled: i%every == 0, Count: d.ReportCount}
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

func stageBars(stages []v1.ReportStage) bars {
	most := 0.001
	for _, s := range stages {
		most = max(most, s.P95)
	}
	var b bars
	for _, s := range stages {
		b.add(s.P50/most, s.P95/most, fmt.Sprintf("%s, %s", s.Hardware, s.Stage), seconds(s.P50)+" / "+seconds(s.P95))
	}
	return b
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

func (b *bars) add(short, long float64, label, value string) {
	b.Rows = append(b.Rows, bar{Y: b.Height, Text: b.Height + 14, Short: barRoom * short, Long: barRoom * long, Label: label, Value: value})
	b.Height += rowHeight
}

// End is where a row's value stands.
func (b bar) End() float64 { return labelWidth + b.Long + 6 }
