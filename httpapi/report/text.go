package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	v1 "mozpool/httpapi/v1"
)

// Text writes a report for a terminal.
func Text(w io.Writer, r v1.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s, %d boards\n", r.From.Format("2006-01-02 15:04"), r.To.Format("2006-01-02 15:04 MST"), r.Boards)
	fmt.Fprintf(&b, "attempts %d, success at first boot %s, in all %s, failed %d, given up %d, failed tries %d\n",
		r.Sum.Attempts, percent(r.Sum.FirstBoot, r.Sum.Attempts), percent(r.Sum.Succeeded, r.Sum.Attempts), r.Sum.Failed, givenUp(r.Sum), r.Sum.Tries)
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, "%s\n", missing(r))
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	section(t, "HARDWARE\tSTAGE\tTIMES\tP50\tP95", len(r.Stages), func(i int) string {
		s := r.Stages[i]
		return fmt.Sprintf("%s\t%s\t%d\t%s\t%s", s.Hardware, s.Stage, s.Count, seconds(s.P50), seconds(s.P95))
	})
	section(t, "BLAME\tFAILED ATTEMPTS", len(r.Blame), func(i int) string { return fmt.Sprintf("%s\t%d", r.Blame[i].Part, r.Blame[i].Attempts) })
	section(t, "FAILED IN\tPUT DOWN TO\tTIMES", len(r.Visits), func(i int) string { v := r.Visits[i]; return fmt.Sprintf("%s\t%s\t%d", v.Stage, v.Part, v.Times) })
	section(t, "HARDWARE\tATTEMPTS\tBOOTS P50\tP95\tMOST", len(r.Boots), func(i int) string {
		n := r.Boots[i]
		return fmt.Sprintf("%s\t%d\t%d\t%d\t%d", n.Hardware, n.Attempts, n.P50, n.P95, n.Most)
	})
	section(t, "RELAY BOARD\tANSWERS\tP50\tP95", len(r.Answers), func(i int) string {
		a := r.Answers[i]
		return fmt.Sprintf("%s\t%d\t%s\t%s", a.Relay, a.Count, seconds(a.P50), seconds(a.P95))
	})
	for _, g := range groups(r) {
		section(t, strings.ToUpper(g.Title)+"\tATTEMPTS\tFIRST BOOT\tIN ALL\tFAILED\tTRIES", len(g.Things), func(i int) string {
			n := g.Things[i]
			return fmt.Sprintf("%s\t%d\t%s\t%s\t%d\t%d", n.Name, n.Attempts, percent(n.FirstBoot, n.Attempts), percent(n.Succeeded, n.Attempts), n.Failed, n.Tries)
		})
	}
	_ = t.Flush() // into memory
	_, err := io.WriteString(w, b.String())
	return err
}

func section(t io.Writer, head string, rows int, row func(i int) string) {
	if rows == 0 {
		return
	}
	_, _ = fmt.Fprintf(t, "\n%s\n", head) // into memory, as below
	for i := range rows {
		_, _ = fmt.Fprintln(t, row(i))
	}
}

// group is a table of things of one kind.
type group struct {
	Title  string
	Things []v1.ReportThing
}

func groups(r v1.Report) []group {
	return []group{{"Hardware", r.Hardware}, {"Worst boards", r.Worst}, {"Worst relays", r.Relays}, {"Worst images", r.Images}}
}

func givenUp(n v1.ReportCount) int { return n.Attempts - n.Succeeded - n.Failed }

func percent(part, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(of))
}

func seconds(s float64) string {
	switch {
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 120:
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.1f min", s/60)
}

// missing says of which servers' details nothing is counted.
func missing(r v1.Report) string {
	return fmt.Sprintf("(details kept by %s are missing: no answer)", strings.Join(r.Missing, ", "))
}
