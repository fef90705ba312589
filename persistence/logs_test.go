package persistence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var day0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is an injected time.Now, with the uptime that belongs to it.
type clock struct{ at, up atomic.Int64 }

func (c *clock) now() time.Time          { return day0.Add(time.Duration(c.at.Load())) }
func (c *clock) uptime() time.Duration   { return time.Duration(c.up.Load()) }
func (c *clock) set(d time.Duration)     { c.at.Add(int64(d)) } // by a person: no time passed
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)); c.up.Add(int64(d)) }

func openLogs(t testing.TB, dir string, opt LogOptions) *FileLogs {
	t.Helper()
	opt.SyncEvery, opt.lazy = time.Hour, true // tests sync by themselves
	l, err := OpenLogs(dir, opt)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func texts(t testing.TB, l Logs, f Filter) string {
	t.Helper()
	lines, err := l.Query(t.Context(), f)
	must(t, err)
	var all []string
	for _, line := range lines {
		all = append(all, line.Text)
	}
	return strings.Join(all, " ")
}

func TestQuery(t *testing.T) {
	t.Parallel()
	var c clock
	dir := t.TempDir()
	l := openLogs(t, dir, LogOptions{SegmentBytes: 200, Now: c.now})
	for i := range 12 {
		l.Append(Line{Board: fmt.Sprintf("b%d", i%2), At: day0.Add(time.Duration(i) * time.Second),
			Source: []string{"syslog", "relay", "api"}[i%3], Severity: i % 8, Text: fmt.Sprintf("t%d", i)})
		if i%4 == 3 {
			must(t, l.Sync())
		}
	}
	tests := []struct {
		f    Filter
		want string
	}{
		{Filter{}, "t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11"},
		{Filter{Board: "b1"}, "t1 t3 t5 t7 t9 t11"},
		{Filter{Board: "b1", Tail: 2}, "t9 t11"},
		{Filter{Board: "b1", Tail: 4}, "t5 t7 t9 t11"},
		{Filter{Tail: 3}, "t9 t10 t11"},
		{Filter{Source: "relay"}, "t1 t4 t7 t10"},
		{Filter{Board: "b0", Source: "relay", Tail: 1}, "t10"},
		{Filter{Since: day0.Add(9 * time.Second)}, "t9 t10 t11"},
		{Filter{Text: "t1"}, "t1 t10 t11"},
		{Filter{Below: 2}, "t0 t1 t8 t9"},
		{Filter{Board: "b0", Below: 1}, "t0 t8"},
		{Filter{Until: day0.Add(2 * time.Second)}, "t0 t1 t2"},
		{Filter{Since: day0.Add(2 * time.Second), Until: day0.Add(4 * time.Second)}, "t2 t3 t4"},
		{Filter{Board: "b7"}, ""},
	}
	check := func(when string) {
		for _, tt := range tests {
			if got := texts(t, l, tt.f); got != tt.want {
				t.Errorf("%s: %+v: got %q, want %q", when, tt.f, got, tt.want)
			}
		}
	}
	check("written")
	if segments, _ := filepath.Glob(filepath.Join(dir, "*.seg")); len(segments) < 2 {
		t.Errorf("only %d segments", len(segments))
	}
	must(t, l.Close())
	l = openLogs(t, dir, LogOptions{SegmentBytes: 200, Now: c.now})
	check("reopened")
}

func TestFloodIsLimitedAndCounted(t *testing.T) {
	t.Parallel()
	var c clock
	l := openLogs(t, t.TempDir(), LogOptions{Now: c.now, BoardRate: 10, BoardBurst: 5, Buffer: 4000})
	taken := 0
	for range 100 {
		if l.Append(Line{Board: "loud", Text: "x"}) {
			taken++
		}
	}
	if taken != 5 || l.Dropped() != 95 {
		t.Errorf("took %d, dropped %d", taken, l.Dropped())
	}
	if !l.Append(Line{Board: "calm", Text: "x"}) {
		t.Error("another board was limited too")
	}
	c.advance(200 * time.Millisecond)
	for i, want := range []bool{true, true, false} { // 0.2 s at 10 a second
		if l.Append(Line{Board: "loud"}) != want {
			t.Errorf("line %d after 0.2 s: want %t", i, want)
		}
	}
	for i := range 100 {
		l.Append(Line{Board: fmt.Sprint(i), Text: strings.Repeat("x", 100)})
	}
	if l.Append(Line{Board: "one more"}) {
		t.Error("the buffer has no bound")
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	var c clock
	dir := t.TempDir()
	l := openLogs(t, dir, LogOptions{Now: c.now, Uptime: c.uptime, SegmentBytes: 1, MaxBoardBytes: 120, MaxBytes: 400, MaxAge: 48 * time.Hour})
	put := func(board, text string) {
		l.Append(Line{Board: board, Text: text})
		must(t, l.Sync())
	}
	put("calm", "keep")
	for i := range 8 {
		put("loud", fmt.Sprintf("l%d", i))
	}
	if got := texts(t, l, Filter{Board: "calm"}); got != "keep" {
		t.Errorf("the flood pushed out another board's %q", got)
	}
	if got := texts(t, l, Filter{Board: "loud"}); strings.Contains(got, "l0") || !strings.HasSuffix(got, "l6 l7") {
		t.Errorf("of the loud board are left: %q", got)
	}
	c.advance(49 * time.Hour)
	put("calm", "new")
	put("calm", "newer")
	if got := texts(t, l, Filter{}); got != "new newer" {
		t.Errorf("two days later: %q", got)
	}
	for i := range 30 {
		put(fmt.Sprint(i), "fill")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	must(t, err)
	if len(paths) > 15 || texts(t, l, Filter{Board: "29"}) != "fill" || texts(t, l, Filter{Board: "calm"}) != "" {
		t.Errorf("%d segments hold more than the cap", len(paths))
	}
}

// One segment, cut at every byte of its last record: all lines before it are
// there, and the next line follows them.
func TestTornTail(t *testing.T) {
	t.Parallel()
	src := t.TempDir()
	l := openLogs(t, src, LogOptions{})
	l.Append(Line{Board: "b", Text: "one"})
	l.Append(Line{Board: "b", Text: "two"})
	must(t, l.Sync())
	whole, err := os.ReadFile(segmentPath(src, 1))
	must(t, err)
	_, _, first, err := decodeRecord(whole)
	must(t, err)
	for n := int(first); n < len(whole); n++ {
		dir := t.TempDir()
		must(t, os.WriteFile(segmentPath(dir, 1), whole[:n], 0o600))
		torn := openLogs(t, dir, LogOptions{})
		torn.Append(Line{Board: "b", Text: "three"})
		for _, f := range []Filter{{}, {Board: "b"}, {Board: "b", Tail: 2}} {
			if got := texts(t, torn, f); got != "one three" {
				t.Errorf("cut at %d: %q", n, got)
			}
		}
		must(t, torn.Close())
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	l := openLogs(t, t.TempDir(), LogOptions{})
	follow := func(ctx context.Context, fn func(Line, uint64) bool) chan error {
		done := make(chan error, 1)
		l.mu.Lock()
		before := len(l.follows)
		l.mu.Unlock()
		go func() { done <- l.Follow(ctx, Filter{Board: "b"}, fn) }()
		for now := before; now == before; { // until it listens
			l.mu.Lock()
			now = len(l.follows)
			l.mu.Unlock()
		}
		return done
	}
	var got []string
	done := follow(t.Context(), func(l Line, lost uint64) bool {
		got = append(got, fmt.Sprint(l.Text, lost))
		return len(got) < 2
	})
	for _, board := range []string{"b", "other", "b"} {
		l.Append(Line{Board: board, Text: board})
	}
	must(t, <-done)
	if fmt.Sprint(got) != "[b0 b0]" || len(l.follows) != 0 {
		t.Errorf("followed %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done = follow(ctx, func(Line, uint64) bool { return true })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	done = follow(t.Context(), func(Line, uint64) bool { return true })
	must(t, l.Close())
	if err := <-done; !errors.Is(err, errLogsClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestSlowFollowerIsTold(t *testing.T) {
	t.Parallel()
	f := &follower{lines: make(chan followed, 1)}
	for _, text := range []string{"a", "b", "c"} {
		f.offer(Line{Text: text})
	}
	<-f.lines
	f.offer(Line{Text: "d"})
	if got := <-f.lines; got.lost != 2 || got.line.Text != "d" {
		t.Errorf("got %+v", got)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(appendRecord(nil, Line{Board: "b", At: day0, BoardAt: day0, Source: "syslog", Severity: 3, Text: "héllo"}, 77))
	f.Add(appendRecord(nil, Line{}, 0))
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, back, size, err := decodeRecord(b)
		if err != nil {
			return
		}
		if size > int64(len(b)) {
			t.Fatalf("record of %d bytes in %d", size, len(b))
		}
		again, back2, _, err := decodeRecord(appendRecord(nil, l, back))
		if err != nil || back2 != back || !reflect.DeepEqual(again, l) {
			t.Fatalf("%+v became %+v, %v", l, again, err)
		}
	})
}

func TestDecodeRefusesHarm(t *testing.T) {
	t.Parallel()
	good := appendRecord(nil, Line{Board: "b", At: day0, Text: "text"}, 3)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		if _, _, _, err := decodeRecord(bad); !errors.Is(err, errTorn) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}
