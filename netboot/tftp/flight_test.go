package tftp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Unix(1000, 0)

// TestAcknowledgements walks a transfer of 100 blocks in windows of 8 by a table.
func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	const rtt = time.Millisecond
	f := newFlight(terms{block: 10, window: 8}, 995)
	now := start
	if s := f.next(now); s != (span{1, 8}) {
		t.Fatalf("begins with %v", s)
	}
	for i, c := range []struct {
		after time.Duration
		ack   uint16
		want  meaning
		next  span // of progress
	}{
		{rtt, 9, useless, span{}},     // was not sent
		{0, 65535, useless, span{}},   // older than the first
		{0, 0, useless, span{}},       // repeats nothing: no round trip is known
		{0, 8, progress, span{9, 16}}, // 1 ms is known
		{0, 8, useless, span{}},       // again, too soon to mean a loss
		{rtt, 8, repeated, span{}},    // the 9th is missing
		{rtt, 8, useless, span{}},     // once a flight
		{0, 11, progress, span{12, 19}},
		{0, 9, useless, span{}}, // late
		{rtt, 11, repeated, span{}},
		{0, 19, progress, span{20, 27}},
	} {
		now = now.Add(c.after)
		got := f.ack(c.ack, now)
		if got != c.want {
			t.Fatalf("row %d: %v, want %v", i, got, c.want)
		}
		if got == progress {
			if s := f.next(now); s != c.next {
				t.Fatalf("row %d: then %v, want %v", i, s, c.next)
			}
		}
	}
}

// TestApprentice: with a window of one an acknowledgement that comes twice has no effect, however late.
func TestApprentice(t *testing.T) {
	t.Parallel()
	f := newFlight(terms{block: 512, window: 1}, 5000)
	now := start
	f.next(now)
	for n := uint16(1); n < 5; n++ {
		now = now.Add(time.Millisecond)
		if got := f.ack(n, now); got != progress {
			t.Fatalf("block %d: %v", n, got)
		}
		f.next(now)
		if got := f.ack(n, now.Add(time.Hour)); got != useless {
			t.Errorf("block %d again: %v", n, got)
		}
	}
}

// TestFlightEnds: whatever is acknowledged in whatever order, no block beyond the last nor more than a window is ever sent, and
// a client that acknowledges what it has got gets all.
func TestFlightEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		block := rapid.IntRange(8, 600).Draw(t, "block")
		size := rapid.Int64Range(0, 200_000*int64(block)/100).Draw(t, "size")
		window := rapid.IntRange(1, 64).Draw(t, "window")
		f := newFlight(terms{block: block, window: window}, size)
		now, has := start, int64(0)
		s := f.next(now)
		var out int64 // blocks that went out
		for range 100_000 {
			out += int64(s.count())
			if out != f.sent+f.repeated {
				t.Fatalf("%d blocks went out: %d, and %d again", out, f.sent, f.repeated)
			}
			if s.first > s.last || s.last > f.last || s.count() > window || s.first != f.acked+1 {
				t.Fatalf("sends %v of %d blocks, %d acknowledged", s, f.last, f.acked)
			}
			has = max(has, s.first-1+rapid.Int64Range(0, int64(s.count())).Draw(t, "arrive"))
			now = now.Add(time.Millisecond)
			if rapid.IntRange(0, 9).Draw(t, "garbage") == 0 {
				if n := rapid.Uint16().Draw(t, "n"); int64(uint16(n-uint16(f.acked))) > f.sent-f.acked && f.ack(n, now) != useless {
					t.Fatalf("%d was believed; %d to %d are open", n, f.acked, f.sent)
				}
			}
			switch f.ack(uint16(has), now) {
			case finished:
				if has != f.last {
					t.Fatalf("finished at %d of %d", has, f.last)
				}
				return
			case progress:
				s = f.next(now)
			case repeated, useless:
				s = f.repeat()
			}
		}
		if has == f.last {
			t.Fatal("all has arrived, and it goes on")
		}
	})
}

func TestTimer(t *testing.T) {
	t.Parallel()
	tm := newTimer()
	if tm.pause != firstPause {
		t.Errorf("begins with %v", tm.pause)
	}
	tm.measured(100 * time.Millisecond)
	if want := 300 * time.Millisecond; tm.pause != want {
		t.Errorf("after one of 100 ms: %v, want %v", tm.pause, want)
	}
	for range 50 {
		tm.measured(100 * time.Microsecond)
	}
	if tm.pause != leastPause {
		t.Errorf("on a fast path: %v", tm.pause)
	}
	for range 20 {
		tm.silent()
	}
	if tm.pause != mostPause {
		t.Errorf("of a silent client: %v", tm.pause)
	}
	tm.measured(100 * time.Microsecond)
	if tm.pause != leastPause {
		t.Errorf("when it is back: %v", tm.pause)
	}
	tm.measured(time.Minute)
	if tm.pause != mostPause {
		t.Errorf("of a client that stopped: %v", tm.pause)
	}
}
