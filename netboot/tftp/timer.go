package tftp

import "time"

const (
	firstPause = 250 * time.Millisecond // before anything is known of the path
	leastPause = 20 * time.Millisecond  // a loader that is busy for a moment is not asked again
	mostPause  = time.Second
	firstTries = 5 // packets sent to an address that has answered none: it may be forged
)

// timer says how long an acknowledgement is waited for, as RFC 6298 does for TCP: the smoothed time of the round trip and
// four times its deviation, doubled at each silence.
type timer struct {
	mean      time.Duration // 0: nothing was measured
	deviation time.Duration
	pause     time.Duration
}

func newTimer() timer { return timer{pause: firstPause} }

// measured takes the round trip of a packet that was sent once (Karn: that of one sent twice says nothing).
func (t *timer) measured(d time.Duration) {
	d = max(d, time.Microsecond)
	if t.mean == 0 {
		t.mean, t.deviation = d, d/2
	} else {
		t.deviation += ((t.mean - d).Abs() - t.deviation) / 4
		t.mean += (d - t.mean) / 8
	}
	t.pause = min(max(t.mean+4*t.deviation, leastPause), mostPause)
}

// silent doubles the pause, until a round trip is measured again.
func (t *timer) silent() { t.pause = min(2*t.pause, mostPause) }
