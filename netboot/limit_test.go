package netboot

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	l := newLimiter(2, 3)
	for i, want := range []bool{true, true, false} {
		if l.Enter(a) != want {
			t.Errorf("transfer %d of one source: %v; it has two places", i+1, !want)
		}
	}
	if !l.Enter(b) || l.Enter(c) {
		t.Error("all sources have three places")
	}
	l.Leave(a)
	if !l.Enter(c) {
		t.Error("a place that was left is free")
	}
	l.Leave(a)
	l.Leave(b)
	l.Leave(c)
	if l.all != 0 || len(l.sources) != 0 {
		t.Errorf("left over: %d, %v", l.all, l.sources)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	r, now := newRecent(10*time.Second), time.Unix(1000, 0)
	for _, c := range []struct {
		key   string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", 9 * time.Second, false}, {"b", 9 * time.Second, true}, {"a", 10 * time.Second, true},
		{"a", 5 * time.Second, true}, // the clock was set back
	} {
		if got := r.first(c.key, now.Add(c.after)); got != c.want {
			t.Errorf("%s after %v: %v", c.key, c.after, got)
		}
	}
	for i := range 3 * maxRecent {
		r.first(strconv.Itoa(i), now)
	}
	if n := len(r.young) + len(r.old); n > maxRecent {
		t.Errorf("%d keys are kept", n)
	}
	if r.first(strconv.Itoa(3*maxRecent-maxRecent/2), now) {
		t.Error("a key that is young was forgotten")
	}
}
