package cli

import (
	"errors"
	"fmt"
	"strconv"

	v1 "mozpool/httpapi/v1"
)

const attemptsSought = 1000 // the most that a board keeps

// against finds the attempt to compare with: by its number, or the last before it that did the same and did not fail.
func (c *Context) against(name, which string, of v1.Attempt) (*v1.AttemptDetail, error) {
	number := uint64(0)
	if which == "last-good" {
		all, err := c.Client.Attempts(c.Context, name, attemptsSought)
		if err != nil {
			return nil, err
		}
		good, ok := lastGoodOf(all, of)
		if !ok {
			return nil, fmt.Errorf("board %s has no good attempt of the same kind before attempt %d; name another by its number", name, of.Number)
		}
		number = uint64(good.Number)
	} else {
		var err error
		if number, err = strconv.ParseUint(which, 10, 32); err != nil {
			return nil, &Error{Exit: ExitUsage, Err: fmt.Errorf("--against takes last-good or the number of an attempt, not %q", which)}
		}
	}
	d, err := c.Client.Attempt(c.Context, name, uint32(number))
	return &d, err
}

// lastGoodOf is the latest attempt before of that wanted the same and did not fail; with the same image, if there is one.
// all are in order, the newest first.
func lastGoodOf(all []v1.Attempt, of v1.Attempt) (good v1.Attempt, ok bool) {
	for _, a := range all {
		if a.Number >= of.Number || a.Want != of.Want || a.Result.Failed() || a.Ended.IsZero() {
			continue
		}
		if a.Image == of.Image {
			return a, true
		}
		if !ok {
			good, ok = a, true
		}
	}
	return good, ok
}

// difference is the first place where two attempts go different ways.
type difference struct {
	Attempt  uint32     `json:"attempt"`
	Against  uint32     `json:"against"`
	Same     int        `json:"same"`               // steps that both took before
	Last     *v1.Moment `json:"last,omitempty"`     // the last of them
	Happened *v1.Moment `json:"happened,omitempty"` // what came next; absent: nothing did
	Expected *v1.Moment `json:"expected,omitempty"` // what came next in the attempt compared with
}

// steps are the transitions of an attempt but the first, which leaves whatever rest the board was in. What came between
// them, how often and when, differs between any two attempts and says nothing.
func steps(d v1.AttemptDetail) []v1.Moment {
	all := d.Moments
	if len(all) == 0 {
		all = moves(d.Events)
	}
	var taken []v1.Moment
	for _, m := range all {
		if m.What == "move" {
			taken = append(taken, m)
		}
	}
	return taken[min(1, len(taken)):]
}

// sameStep says whether two attempts went the same way, and failed, where they did, of the same part.
func sameStep(a, b v1.Moment) bool { return a.From == b.From && a.To == b.To && a.Part == b.Part }

// compare finds the first difference. A path that ends where the other goes on is one too.
func compare(of, with v1.AttemptDetail) (d difference, differ bool) {
	a, b := steps(of), steps(with)
	d = difference{Attempt: of.Number, Against: with.Number}
	for d.Same < len(a) && d.Same < len(b) && sameStep(a[d.Same], b[d.Same]) {
		d.Last = &a[d.Same]
		d.Same++
	}
	if d.Same < len(a) {
		d.Happened = &a[d.Same]
	}
	if d.Same < len(b) {
		d.Expected = &b[d.Same]
	}
	return d, d.Happened != nil || d.Expected != nil
}

func (c *Context) showDifference(name string, of, with v1.AttemptDetail) error {
	if len(steps(with)) == 0 || len(steps(of)) == 0 {
		return errors.New("what happened in one of the attempts is not kept any more; compare a later one")
	}
	d, differ := compare(of, with)
	if c.Output != "table" {
		return c.show(d, []string{fmt.Sprint(d.Against)}, nil)
	}
	if !differ {
		_, err := fmt.Fprintf(c.Out, "%s: attempt %d went the same way as attempt %d, to its end\n", name, d.Attempt, d.Against)
		return err
	}
	text := fmt.Sprintf("%s: attempt %d and attempt %d parted at once", name, d.Attempt, d.Against)
	if d.Last != nil {
		text = fmt.Sprintf("%s: attempt %d and attempt %d went the same way, up to %s", name, d.Attempt, d.Against, told(d.Last, of))
	}
	_, err := fmt.Fprintf(c.Out, "%s.\n  then in attempt %d: %s\n  but in attempt %d: %s\n", text, d.Attempt, told(d.Happened, of), d.Against, told(d.Expected, with))
	return err
}

// told is a moment as a phrase.
func told(m *v1.Moment, of v1.AttemptDetail) string {
	if m == nil {
		return "nothing more"
	}
	text := fmt.Sprintf("%s by %s", happened(*m).text, m.Kind)
	if d := detail(*m); d != "" {
		text += " (" + d + ")"
	}
	return visible(text) + " at " + offset(of.Began, m.At)
}
