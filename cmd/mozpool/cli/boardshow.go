package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
)

// boardTable is everything about a board, a line each; what is empty is left out.
func (c *Context) boardTable(b v1.Board) *table {
	t := &table{head: []string{"board", b.Name}}
	line := func(name, text string) {
		if text != "" {
			t.add(plain(name), plain(text))
		}
	}
	t.add(plain("state"), stateCell(b.State))
	if b.AsOf != nil {
		line("as of", c.silentSince(*b.AsOf))
	}
	line("since", c.when(b.Since))
	if b.Deadline != nil {
		line("limit", "in "+left(c.Now(), *b.Deadline))
	}
	line("waiting for", string(b.WaitingFor))
	line("doing", doing(b))
	line("wish", string(b.Wish))
	line("image", b.Image)
	line("power", b.Power)
	line("attempt", fmt.Sprintf("%d (boot %d, visit %d)", b.Attempt, b.Boot, b.Visit))
	if b.Evidence != nil {
		line("evidence", c.evidenceText(*b.Evidence))
	}
	line("health", c.healthText(b.Health))
	if b.Blame != nil {
		line("blame", string(b.Blame.Part)+": "+b.Blame.Text)
	}
	if b.Lock != nil {
		line("lock", c.lockText(*b.Lock))
	}
	line("rack", b.Rack)
	line("place", b.Place)
	line("console", b.Console)
	line("hardware", b.Hardware)
	line("mac", b.MAC)
	line("address", b.Address)
	line("switch", b.Switch)
	if b.Listed != nil {
		line("listed", notListed(b))
	}
	line("labels", labelText(b.Labels))
	line("comment", b.Comment)
	return t
}

// evidenceText says what was heard last of a board, and when.
func (c *Context) evidenceText(e v1.Evidence) string {
	text := fmt.Sprintf("%s, %s", e.Kind, c.when(e.At))
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// silentSince says how old what is shown is, and why.
func (c *Context) silentSince(t time.Time) string {
	return c.when(t) + "; what happened since is not known to this server"
}

// healthText is what the last check of a ready board found; empty: there was none.
func (c *Context) healthText(h *v1.Health) string {
	switch {
	case h == nil:
		return ""
	case h.At == nil:
		return h.Text
	}
	return h.Text + ", " + c.when(*h.At)
}

// notListed says what the inventory does not know of a repair.
func notListed(b v1.Board) string {
	var was []string
	if b.Listed.MAC != b.MAC {
		was = append(was, "mac "+b.Listed.MAC)
	}
	if b.Listed.Switch != b.Switch {
		was = append(was, "switch "+b.Listed.Switch)
	}
	return "still with " + strings.Join(was, " and ") + "; bring " + b.Listed.Source + " up to date"
}

func (c *Context) when(t time.Time) string {
	return age(c.Now(), t) + " ago"
}

func (c *Context) lockText(l v1.Lock) string {
	text := l.Who
	if l.Why != "" {
		text += ": " + l.Why
	}
	if l.Until != nil {
		text += ", for another " + left(c.Now(), *l.Until)
	}
	return text
}

func labelText(labels map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, k+"="+labels[k])
	}
	return strings.Join(all, " ")
}
