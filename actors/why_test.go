package actors

import (
	"testing"
	"time"

	"mozpool/actors/board"
)

// An explanation that is old promises nothing that only a server can do which acts for the board.
func TestDatedWhy(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 8, 40, 0, 0, time.UTC)
	for _, c := range []struct {
		state board.State
		at    time.Time
		next  string
	}{
		{board.Booting, time.Time{}, "then what was said"},
		{board.Booting, at, "nothing, before a server acts for its rack again"},
		{board.Waiting, at, "nothing, before a server acts for its rack again"},
		{board.Maintenance, at, "then what was said"},
	} {
		w := Why{State: c.state, Next: "then what was said"}
		if w.Dated(c.at); w.Next != c.next || !w.AsOf.Equal(c.at) {
			t.Errorf("%s as of %v: next %q as of %v, want %q", c.state, c.at, w.Next, w.AsOf, c.next)
		}
	}
}
