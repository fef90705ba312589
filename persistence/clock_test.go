package persistence

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// clockRig is a store whose every line fills a segment.
type clockRig struct {
	t *testing.T
	clock
	logs *FileLogs
	said bytes.Buffer
}

func newClockRig(t *testing.T) *clockRig {
	r := &clockRig{t: t}
	r.logs = openLogs(t, t.TempDir(), LogOptions{Now: r.now, Uptime: r.uptime, SegmentBytes: 1, MaxAge: 14 * day,
		Logger: slog.New(slog.NewTextHandler(&r.said, nil))})
	r.advance(2 * time.Hour)
	return r
}

// put writes a line, and a second one so that the first is sealed and looked at.
func (r *clockRig) put(text string) {
	r.t.Helper()
	for _, line := range []string{text, "."} {
		r.logs.Append(Line{Board: "b", Text: line})
		must(r.t, r.logs.Sync())
	}
}

func (r *clockRig) want(when, want string) {
	r.t.Helper()
	if got := strings.ReplaceAll(texts(r.t, r.logs, Filter{}), " .", ""); got != want {
		r.t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// TestClockJumpsDeleteNothing: a clock set far ahead and back again makes no
// line old, and what was written under it goes with its neighbours.
func TestClockJumpsDeleteNothing(t *testing.T) {
	t.Parallel()
	r := newClockRig(t)
	r.put("before")
	r.set(400 * day)
	r.put("ahead")
	r.want("a year ahead", "before ahead")
	if !strings.Contains(r.said.String(), "the clock jumped") {
		t.Errorf("nobody was told: %s", &r.said)
	}
	r.set(-800 * day)
	r.put("behind")
	r.set(400 * day)
	r.put("right")
	r.want("put right", "before ahead behind right")
	r.advance(13 * day)
	r.put("later")
	r.want("13 days later", "before ahead behind right later")
	r.advance(2 * day)
	r.put("last")
	r.want("15 days later", "later last")
}

// TestClockSetBackMutesNobody: a board is not muted by a clock set back.
func TestClockSetBackMutesNobody(t *testing.T) {
	t.Parallel()
	var c clock
	l := openLogs(t, t.TempDir(), LogOptions{Now: c.now, Uptime: c.uptime, BoardRate: 1, BoardBurst: 1})
	for i := range 3 {
		if !l.Append(Line{Board: "b"}) {
			t.Errorf("line %d was refused", i)
		}
		c.set(-time.Hour)
		l.Append(Line{Board: "b"}) // notices
		c.set(2 * time.Second)
	}
}

// TestSegmentsEndByAgeWhateverTheClock: a clock that stands still or runs back
// does not keep a segment open.
func TestSegmentsEndByAgeWhateverTheClock(t *testing.T) {
	t.Parallel()
	var c clock
	l := openLogs(t, t.TempDir(), LogOptions{Now: c.now, Uptime: c.uptime, MaxAge: 14 * day})
	for i := range 4 {
		l.Append(Line{Board: "b", Text: fmt.Sprint(i)})
		must(t, l.Sync())
		c.advance(25 * time.Hour)
		c.set(-25 * time.Hour)
	}
	if len(l.sealed) != 3 {
		t.Errorf("%d segments are sealed, want 3", len(l.sealed))
	}
}
