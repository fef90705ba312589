package cli

import (
	"fmt"
	"time"

	v1 "mozpool/httpapi/v1"
)

// BoardHistory is "mozpool board history".
type BoardHistory struct {
	Name  string `arg:"" help:"Board."`
	Limit int    `help:"Only the last so many, at most 100 (20)."`
	Watched
}

// Run lists the transitions, the latest first.
func (h *BoardHistory) Run(c *Context) error { return c.watch(h.Watched, h.show) }

func (h *BoardHistory) show(c *Context) error {
	all, err := c.Client.History(c.Context, h.Name, h.Limit)
	if err != nil {
		return err
	}
	visits := make([]string, len(all))
	for i, e := range all {
		visits[i] = fmt.Sprint(e.Visit)
	}
	return c.show(all, visits, func() *table { return c.historyTable(all) })
}

func (c *Context) historyTable(all []v1.Transition) *table {
	t := &table{head: []string{"WHEN", "ATTEMPT", "FROM", "FOR", "TO", "BY", "DETAIL"}, more: []string{"VISIT", "BOOT"}}
	for i, e := range all {
		stayed, detail := "", e.Text
		if i+1 < len(all) {
			stayed = stay(e.At.Sub(all[i+1].At))
		}
		to := stateCell(e.To)
		if e.Part != "" {
			detail = "failed: " + string(e.Part) + ": " + e.Text
		}
		t.add(plain(e.At.UTC().Format("2006-01-02 15:04:05.000Z")), plain(fmt.Sprint(e.Attempt)), plain(string(e.From)), plain(stayed), to,
			plain(string(e.By)), plain(detail), plain(fmt.Sprint(e.Visit)), plain(fmt.Sprint(e.Boot)))
	}
	return t
}

// stay is how long a stay was: 0.273s, 3m, 2h.
func stay(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.3fs", max(0, d).Seconds())
	}
	began := time.Unix(0, 0)
	return age(began.Add(d), began)
}
