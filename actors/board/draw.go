package board

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Dot draws the table for Graphviz: rests are boxes, the pause is a diamond, failures are dashed.
func Dot() string {
	var w strings.Builder
	w.WriteString("digraph board {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\" fontsize=10];\n\n")
	for _, s := range States() {
		shape := "ellipse"
		switch {
		case s == Waiting:
			shape = "diamond"
		case s.Rest():
			shape = "box"
		}
		fmt.Fprintf(&w, "\t%s [shape=%s];\n", s, shape)
	}
	for _, s := range States() {
		w.WriteString("\n")
		for _, e := range edgesFrom(s) {
			style := ""
			if e.fails {
				style = " style=dashed"
			}
			fmt.Fprintf(&w, "\t%s -> %s [label=\"%s\"%s];\n", s, e.to, strings.Join(e.by, "\\n"), style)
		}
	}
	w.WriteString("}\n")
	return w.String()
}

// edge is one arrow of the drawing.
type edge struct {
	to    State
	by    []string
	fails bool
}

// edgesFrom are the arrows out of a state, in the order of States.
func edgesFrom(s State) []edge {
	r := table[s]
	var all []edge
	add := func(to State, by string, fails bool) {
		for i := range all {
			if all[i].to == to && all[i].fails == fails {
				all[i].by = append(all[i].by, by)
				return
			}
		}
		all = append(all, edge{to, []string{by}, fails})
	}
	for _, k := range slices.Sorted(maps.Keys(r.on)) {
		m := r.on[k]
		if m.fails && len(m.to) == 0 {
			add(r.els, string(k), true)
		}
		for _, to := range m.to {
			add(to, string(k), m.fails)
		}
	}
	if r.within > 0 {
		add(r.els, "after "+short(r.within), true)
		if r.stall > 0 {
			add(r.els, "silent "+short(r.stall), true)
		}
		add(r.fail, fmt.Sprintf("%d failures", r.tries), true)
	}
	order := States()
	slices.SortStableFunc(all, func(a, b edge) int { return slices.Index(order, a.to) - slices.Index(order, b.to) })
	return all
}

// Markdown draws the table as a table: what a reader needs to predict a board.
func Markdown() string {
	var w strings.Builder
	w.WriteString("# A board's life\n\nDrawn from the table in `table.go` by its golden test.\n\n")
	w.WriteString("| state | on entry | on resume | limit | stall | a failed visit leads to | tries | then | events | why |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range States() {
		if r := table[s]; !r.rest {
			fmt.Fprintf(&w, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", s, dash(string(r.enter)), dash(string(r.resume)), short(r.within),
				short(r.stall), dash(string(r.els)), number(r.tries), dash(string(r.fail)), events(r), r.why)
		}
	}
	w.WriteString("\n| rest | meaning |\n|---|---|\n")
	for _, s := range States() {
		if r := table[s]; r.rest {
			fmt.Fprintf(&w, "| `%s` | %s%s |\n", s, r.why, lead(events(r)))
		}
	}
	fmt.Fprintf(&w, "\nA failed visit that leads to `%s` goes there by way of `%s` while the power budget has no place. ", Cutting, Waiting)
	fmt.Fprintf(&w, "An attempt has at most %d power cycles, a board %d an hour; the server begins at most %d attempts a day by itself. ", cyclesAttempt, cyclesHour, ownStarts)
	fmt.Fprintf(&w, "A resume begins the limit anew, and the first that runs out then costs no try; a stall limit has at least %s from there. ", short(searchTime))
	w.WriteString("✗ marks events that fail the visit.\n")
	return w.String()
}

func events(r row) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(r.on)) {
		m := r.on[k]
		if m.fails {
			all = append(all, string(k)+" ✗")
			continue
		}
		names := make([]string, len(m.to))
		for i, to := range m.to {
			names[i] = string(to)
		}
		all = append(all, string(k)+" → "+strings.Join(names, " or "))
	}
	return dash(strings.Join(all, ", "))
}

// lead sets what moves a rest behind its meaning.
func lead(events string) string {
	if events == dash("") {
		return ""
	}
	return ": " + events
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func number(n uint8) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// short writes a duration without zeros: 3m, not 3m0s.
func short(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	if s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		s += "0s" // a round number of seconds such as 30s lost its end
	}
	return s
}
