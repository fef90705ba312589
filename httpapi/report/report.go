// Package report counts how boards fared: success at the first boot and in all, how long each stage took, what failed
// attempts were put down to, and which boards, relay boards and images stand out.
//
// It decides what counts as success and how figures are put into a page. It refuses to read anything by itself: it is
// given boards with their attempts transitions and details, knows no clock, and what it returns depends on nothing else.
// Package httpapi makes the report (Make), the command line shows it (Text, HTML).
package report

import (
	"cmp"
	"slices"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// Board is one board and what is kept of its past.
type Board struct {
	Name     string
	Hardware string
	Relay    string                     // the relay board that switches it; empty: none
	Attempts []actors.Attempt           // in any order
	Events   []actors.Event             // the oldest first, without holes
	Details  map[uint32][]actors.Moment // of those attempts that have any, by number, the oldest first
}

// worstLength is how many boards, relay boards or images are named.
const worstLength = 20

// Make counts what ended from one time to another.
func Make(boards []Board, from, to time.Time) v1.Report {
	c := counter{from: from, to: to, days: counts{}, boards: counts{}, relays: counts{}, images: counts{}, hardware: counts{},
		blame: map[board.Part]int{}, stages: map[stageKey][]time.Duration{},
		boots: map[string][]int{}, visits: map[visitKey]int{}, answers: map[string][]time.Duration{}}
	for _, b := range boards {
		c.addBoard(b)
	}
	return v1.Report{From: from.UTC(), To: to.UTC(), Boards: len(boards), Sum: c.sum, Days: c.eachDay(), Stages: c.stageRows(), Blame: c.blameRows(),
		Hardware: c.hardware.byName(), Worst: c.boards.worst(), Relays: c.relays.worst(), Images: c.images.worst(),
		Detailed: c.detailed, Missing: []string{}, Boots: c.bootRows(), Visits: c.visitRows(), Answers: c.answerRows()}
}

// counter is a report in the making.
type counter struct {
	from, to                               time.Time
	sum                                    v1.ReportCount
	days, boards, relays, images, hardware counts
	blame                                  map[board.Part]int
	stages                                 map[stageKey][]time.Duration
	detailed                               int
	boots                                  map[string][]int // by hardware
	visits                                 map[visitKey]int
	answers                                map[string][]time.Duration // by relay board
}

func (c *counter) addBoard(b Board) {
	for _, a := range b.Attempts {
		if a.Ended.Before(c.from) || a.Ended.After(c.to) {
			continue
		}
		one := countOf(a)
		add(&c.sum, one)
		for of, name := range map[*counts]string{&c.days: dayOf(a.Ended), &c.boards: b.Name, &c.relays: b.Relay, &c.images: a.Image, &c.hardware: b.Hardware} {
			of.add(name, one)
		}
		if one.Succeeded == 1 {
			c.stage(b.Hardware, Whole, a.Ended.Sub(a.Began))
		}
		if one.Failed == 1 && a.Blame != nil {
			c.blame[a.Blame.Part]++
		}
		c.addDetails(b, a.Number)
	}
	c.addEvents(b)
}

// countOf is what one attempt counts for. One that a person ended, or that ended in a rest nobody asked for, is
// neither success nor failure.
func countOf(a actors.Attempt) v1.ReportCount {
	n := v1.ReportCount{Attempts: 1, Tries: a.Tries}
	switch {
	case a.Result.Failed():
		n.Failed = 1
	case a.Want != board.WantCard && (a.Result == board.Ready || a.Result == board.Off || a.Result == board.Maintenance):
		n.Succeeded = 1
		if a.Tries == 0 {
			n.FirstBoot = 1
		}
	}
	return n
}

// counts are counts by name.
type counts map[string]*v1.ReportCount

// add counts for a name; nothing is counted without one.
func (c counts) add(name string, n v1.ReportCount) {
	if name == "" {
		return
	}
	if c[name] == nil {
		c[name] = &v1.ReportCount{}
	}
	add(c[name], n)
}

func add(to *v1.ReportCount, n v1.ReportCount) {
	to.Attempts += n.Attempts
	to.FirstBoot += n.FirstBoot
	to.Succeeded += n.Succeeded
	to.Failed += n.Failed
	to.Tries += n.Tries
}

func (c counts) byName() []v1.ReportThing {
	all := make([]v1.ReportThing, 0, len(c))
	for name, n := range c {
		all = append(all, v1.ReportThing{Name: name, ReportCount: *n})
	}
	slices.SortFunc(all, func(a, b v1.ReportThing) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// worst are those with failures or failed tries, the most first.
func (c counts) worst() []v1.ReportThing {
	all := slices.DeleteFunc(c.byName(), func(t v1.ReportThing) bool { return t.Failed == 0 && t.Tries == 0 })
	slices.SortStableFunc(all, func(a, b v1.ReportThing) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Tries, a.Tries))
	})
	return all[:min(len(all), worstLength)]
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// eachDay are the days of the span, those on which nothing ended too.
func (c *counter) eachDay() []v1.ReportDay {
	days := []v1.ReportDay{}
	for t := c.from.UTC().Truncate(24 * time.Hour); !t.After(c.to); t = t.Add(24 * time.Hour) {
		d := v1.ReportDay{Day: dayOf(t)}
		if n := c.days[d.Day]; n != nil {
			d.ReportCount = *n
		}
		days = append(days, d)
	}
	return days
}

func (c *counter) blameRows() []v1.ReportBlame {
	all := make([]v1.ReportBlame, 0, len(c.blame))
	for part, n := range c.blame {
		all = append(all, v1.ReportBlame{Part: part, Attempts: n})
	}
	slices.SortFunc(all, func(a, b v1.ReportBlame) int {
		return cmp.Or(cmp.Compare(b.Attempts, a.Attempts), cmp.Compare(a.Part, b.Part))
	})
	return all
}
