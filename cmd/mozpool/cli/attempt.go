package cli

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// BoardAttempt is "mozpool board attempt".
type BoardAttempt struct {
	Name    string `arg:"" help:"Board."`
	Number  uint32 `arg:"" optional:"" help:"Number of the attempt. Default: the latest."`
	Against string `placeholder:"ATTEMPT" help:"Only where it differs first from another attempt: its number, or last-good for the latest that did the same and ended ready."`
	Export  string `placeholder:"FILE" help:"Write it with the board, its explanation and its log into FILE.tar.gz, to send to somebody."`
}

// lastGood stands for the latest attempt that did the same and ended ready.
const lastGoodAttempt = "last-good"

// Run shows the attempt.
func (a *BoardAttempt) Run(c *Context) error {
	if a.Number == 0 {
		b, err := c.Client.Board(c.Context, a.Name)
		if err != nil {
			return coded(err)
		}
		if a.Number = b.Attempt; a.Number == 0 {
			return &Error{Exit: ExitNotFound, Err: fmt.Errorf("nothing was ever asked of board %s", a.Name)}
		}
	}
	d, err := c.Client.Attempt(c.Context, a.Name, a.Number)
	switch {
	case err != nil:
		return coded(err)
	case a.Export != "":
		return a.export(c, d)
	case a.Against != "":
		return a.compare(c, d)
	case c.Output != "table" && c.Output != "wide":
		return coded(c.show(d, []string{fmt.Sprint(d.Number)}, nil))
	}
	return coded(timeline(c.Out, d))
}

// moment is one line of a timeline.
type moment struct {
	at   time.Time
	what string
	text string
}

// timeline writes what happened in an attempt, with the time since it began. Transitions stand in the log too, so those
// of the history are shown where the log no longer has them.
func timeline(w io.Writer, d v1.AttemptDetail) error {
	var all []moment
	logged := make(map[string]bool)
	for _, l := range d.Lines {
		all = append(all, moment{l.At, l.Source, l.Text})
		if l.Source == "statemachine" {
			from, _, _ := strings.Cut(l.Text, " (")
			logged[from+l.At.Truncate(time.Second).String()] = true
		}
	}
	for _, e := range d.Events {
		text := fmt.Sprintf("%s → %s", e.From, e.To)
		if !logged[text+e.At.Truncate(time.Second).String()] {
			all = append(all, moment{e.At, "statemachine", fmt.Sprintf("%s (%s)%s", text, e.By, lead(": ", e.Text))})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	if _, err := fmt.Fprintln(w, headline(d)); err != nil {
		return err
	}
	for _, m := range all {
		if _, err := fmt.Fprintf(w, "%10s  %-12s %s\n", since(m.at, d.Began), m.what, visible(m.text)); err != nil {
			return err
		}
	}
	return nil
}

// headline says in a line what the attempt was and how it ended.
func headline(d v1.AttemptDetail) string {
	what := string(d.Want)
	if d.Want == board.WantImage {
		what = "image " + d.Image
	}
	text := fmt.Sprintf("attempt %d: %s, asked by %s at %s", d.Number, what, d.By, d.Began.UTC().Format(time.RFC3339))
	if d.Running {
		return text + fmt.Sprintf("; still %s", d.Result)
	}
	text += fmt.Sprintf("; %s after %v, %d power cycles, %d tries spent", d.Result, d.Ended.Sub(d.Began).Round(time.Second), d.Cycles, d.Tries)
	if d.Blame != nil {
		text += fmt.Sprintf("; %s: %s", d.Blame.Part, d.Blame.Text)
	}
	return text
}

func lead(by, s string) string {
	if s == "" {
		return ""
	}
	return by + s
}

func since(at, began time.Time) string { return fmt.Sprintf("+%.3fs", at.Sub(began).Seconds()) }

// compare says where the attempt went another way than an earlier one.
func (a *BoardAttempt) compare(c *Context, d v1.AttemptDetail) error {
	number, err := a.other(c, d)
	if err != nil {
		return coded(err)
	}
	good, err := c.Client.Attempt(c.Context, a.Name, number)
	if err != nil {
		return coded(err)
	}
	_, err = fmt.Fprint(c.Out, difference(d, good))
	return coded(err)
}

// other is the number of the attempt to compare with.
func (a *BoardAttempt) other(c *Context, d v1.AttemptDetail) (uint32, error) {
	if a.Against != lastGoodAttempt {
		n, err := strconv.ParseUint(a.Against, 10, 32)
		if err != nil {
			return 0, &Error{Exit: ExitUsage, Err: fmt.Errorf("--against %s: the number of an attempt, or %s", a.Against, lastGoodAttempt)}
		}
		return uint32(n), nil
	}
	all, err := c.Client.Attempts(c.Context, a.Name, 0)
	if err != nil {
		return 0, err
	}
	for _, o := range all {
		if o.Number != d.Number && o.Want == d.Want && o.Result == board.Ready {
			return o.Number, nil
		}
	}
	return 0, &Error{Exit: ExitNotFound, Err: fmt.Errorf("no other attempt of board %s to %s ended ready; see: mozpool board attempts %s", a.Name, d.Want, a.Name)}
}

// difference says what two attempts did alike, and then what each did.
func difference(d, good v1.AttemptDetail) string {
	n := 0
	for n < len(d.Events) && n < len(good.Events) && d.Events[n].To == good.Events[n].To {
		n++
	}
	if n == len(d.Events) && n == len(good.Events) {
		return fmt.Sprintf("attempts %d and %d went the same way\n", d.Number, good.Number)
	}
	var b strings.Builder
	var alike []string
	for _, e := range d.Events[:n] {
		alike = append(alike, string(e.To))
	}
	fmt.Fprintf(&b, "both: %s\n", cmp.Or(strings.Join(alike, " → "), "nothing"))
	for _, x := range []v1.AttemptDetail{d, good} {
		fmt.Fprintf(&b, "attempt %d, then: %s\n", x.Number, next(x, n))
	}
	return b.String()
}

// next says what an attempt did after n transitions, and how long it was in the state before.
func next(d v1.AttemptDetail, n int) string {
	if n >= len(d.Events) {
		return "nothing more"
	}
	e := d.Events[n]
	before := d.Began
	if n > 0 {
		before = d.Events[n-1].At
	}
	return fmt.Sprintf("%s → %s (%s) after %v%s", e.From, e.To, e.By, e.At.Sub(before).Round(time.Millisecond), lead(": ", visible(e.Text)))
}

// export writes everything about an attempt into an archive.
func (a *BoardAttempt) export(c *Context, d v1.AttemptDetail) error {
	name := a.Export
	if !strings.HasSuffix(name, ".tar.gz") {
		name += ".tar.gz"
	}
	b, err := c.Client.Board(c.Context, a.Name)
	if err != nil {
		return coded(err)
	}
	why, err := c.Client.Why(c.Context, a.Name)
	if err != nil {
		return coded(err)
	}
	var text bytes.Buffer
	if err := timeline(&text, d); err != nil {
		return err
	}
	parts := map[string][]byte{"timeline.txt": text.Bytes()}
	for part, v := range map[string]any{"attempt.json": d, "board.json": b, "why.json": why} {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		parts[part] = append(data, '\n')
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &Error{Exit: ExitUsage, Err: fmt.Errorf("write the archive: %w", err)}
	}
	folder := fmt.Sprintf("%s-%d", filepath.Base(a.Name), d.Number)
	if err := errors.Join(pack(f, folder, parts, d.Ended), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(name))
	}
	_, err = fmt.Fprintln(c.Out, name)
	return coded(err)
}

// pack writes a compressed archive of files in a folder.
func pack(w io.Writer, folder string, parts map[string][]byte, at time.Time) error {
	zip := gzip.NewWriter(w)
	out := tar.NewWriter(zip)
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		data := parts[name]
		if err := out.WriteHeader(&tar.Header{Name: folder + "/" + name, Mode: 0o644, Size: int64(len(data)), ModTime: at, Format: tar.FormatPAX}); err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), zip.Close())
}
