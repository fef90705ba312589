package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

// BoardWhy is "mozpool board why".
type BoardWhy struct{ Chosen }

// Run explains each board.
func (w *BoardWhy) Run(c *Context) error {
	names, err := c.boards(w.Chosen)
	if err != nil {
		return err
	}
	return c.each(names, func(name string) error {
		y, err := c.Client.Why(c.Context, name)
		if err != nil {
			return err
		}
		if !c.forPeople() {
			return c.show(y, []string{y.Board}, nil)
		}
		return c.explain(y)
	})
}

func (c *Context) explain(y v1.Why) error {
	text := fmt.Sprintf("%s: %s, for %s. %s\n", y.Board, y.State, age(c.Now(), y.Since), visible(y.Text))
	if y.AsOf != nil {
		text += "  as of: " + c.silentSince(*y.AsOf) + "\n"
	}
	if y.Evidence != nil && !y.State.Working() { // of a board that works the text tells it
		text += "  last heard: " + visible(c.evidenceText(*y.Evidence)) + "\n"
	}
	if y.TriesAllowed > 0 {
		text += fmt.Sprintf("  tries spent: %d of %d\n", y.Tries, y.TriesAllowed)
	}
	if y.Next != "" {
		text += "  next: " + visible(y.Next) + "\n"
	}
	if y.Remedy != "" {
		text += "  remedy: " + visible(y.Remedy) + "\n"
	}
	_, err := fmt.Fprint(c.Out, text)
	return err
}

// BoardLog is "mozpool board log".
type BoardLog struct {
	Name     string `arg:"" help:"Board."`
	Since    string `help:"Not older than this: a time, or how long ago (10m)."`
	Until    string `help:"Not younger than this, likewise."`
	Source   string `help:"Only lines of this source: syslog, statemachine, relay, api, transfer or console."`
	Text     string `help:"Only lines with this text."`
	Severity string `placeholder:"LEVEL" help:"Only lines of this severity and worse: emerg, alert, crit, err, warning, notice, info, debug or 0 to 7."`
	Tail     int    `help:"Only the last so many lines (1000)."`
	All      bool   `xor:"how" help:"Every line, however many, to keep elsewhere; with -o json an object a line."`
	Follow   bool   `short:"f" xor:"how" help:"Go on with each line that comes, until interrupted."`
}

// Run shows the log; with --follow, JSON is an object a line.
func (l *BoardLog) Run(c *Context) error {
	q := client.LogQuery{Since: l.Since, Until: l.Until, Source: l.Source, Severity: l.Severity, Text: l.Text, Tail: l.Tail}
	if l.Follow {
		return watchOver(true, c, c.Client.Follow(c.Context, l.Name, q, c.logLine))
	}
	if l.All {
		return coded(c.Client.ExportLog(c.Context, l.Name, q, c.logLine))
	}
	log, err := c.Client.LogOfAll(c.Context, l.Name, q)
	if err != nil {
		return coded(err)
	}
	c.lacks("lines", log.Missing)
	if c.Output == "json" || c.Output == "yaml" {
		return coded(c.show(log.Lines, nil, nil))
	}
	for _, line := range log.Lines {
		if err := c.logLine(line); err != nil {
			return coded(err)
		}
	}
	return nil
}

// lacks tells people which servers of a cluster gave nothing of theirs.
func (c *Context) lacks(what string, servers []string) {
	if len(servers) > 0 {
		_, _ = fmt.Fprintf(c.Err, "(%s of %s are missing: no answer)\n", what, strings.Join(servers, ", "))
	}
}

func (c *Context) logLine(l v1.Line) error {
	if len(l.Missing) > 0 && c.forPeople() {
		_, _ = fmt.Fprintf(c.Err, "(lines of %s are not among these)\n", strings.Join(l.Missing, ", "))
		return nil
	}
	switch c.Output {
	case "json":
		return json.NewEncoder(c.Out).Encode(l)
	case "yaml":
		return c.showYAML([]v1.Line{l})
	}
	if l.Lost > 0 {
		_, _ = fmt.Fprintf(c.Err, "(%d lines were lost here)\n", l.Lost) // for people only
	}
	_, err := fmt.Fprintf(c.Out, "%s %-12s %s\n", l.At.UTC().Format("2006-01-02T15:04:05.000Z"), l.Source, visible(l.Text))
	return err
}

// BoardAttempts is "mozpool board attempts".
type BoardAttempts struct {
	Name  string `arg:"" help:"Board."`
	Limit int    `help:"Only the last so many."`
	Watched
}

// Run lists the attempts, the latest first.
func (a *BoardAttempts) Run(c *Context) error {
	return c.watch(a.Watched, a.show)
}

func (a *BoardAttempts) show(c *Context) error {
	all, err := c.Client.Attempts(c.Context, a.Name, a.Limit)
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, at := range all {
		names[i] = fmt.Sprint(at.Number)
	}
	return c.show(all, names, func() *table {
		t := &table{head: []string{"ATTEMPT", "WANTED", "IMAGE", "BY", "BEGAN", "TOOK", "CYCLES", "TRIES", "RESULT", "BLAME"}}
		for _, at := range all {
			blame := ""
			if at.Blame != nil && at.Result.Failed() {
				blame = string(at.Blame.Part) + ": " + at.Blame.Text
			}
			t.add(plain(fmt.Sprint(at.Number)), plain(string(at.Want)), plain(at.Image), plain(at.By), plain(c.when(at.Began)),
				plain(age(at.Ended, at.Began)), plain(fmt.Sprint(at.Cycles)), plain(fmt.Sprint(at.Tries)), stateCell(at.Result), plain(blame))
		}
		return t
	})
}
