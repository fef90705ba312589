package persistence

import (
	"context"
	"time"
)

// Line is one line of log.
type Line struct {
	Board    string    // "" = the server itself
	At       time.Time // the server's clock: the order of lines
	BoardAt  time.Time // the board's own stamp; zero = none
	Source   string    // syslog, statemachine, relay, api, transfer or console
	Severity int       // RFC 5424: 0 emergency to 7 debug
	Text     string    // cut to MaxText
}

// Filter says which lines are wanted; zero fields do not filter.
type Filter struct {
	Board  string    // one board
	Since  time.Time // not older than this, by the server's clock
	Until  time.Time // not younger
	Source string
	Below  int    // only severities below this number: 4 = errors and worse
	Text   string // a substring, as written
	Tail   int    // only the last so many
}

// Logs keeps lines for a while. Lines are lost when a flood or a full disk
// leaves no choice, and are then counted; nothing waits for a disk.
type Logs interface {
	// Append takes a line, and reports whether it did: a board beyond its
	// rate or a full buffer drops it and counts it.
	Append(l Line) bool
	// Query returns lines in the order they came.
	Query(ctx context.Context, f Filter) ([]Line, error)
	// Export calls fn for every line that fits (Tail is not used), in the order
	// they came, in bounded memory however many there are, until fn returns
	// false. Lines that are deleted by age meanwhile may be left out.
	Export(ctx context.Context, f Filter, fn func(l Line) bool) error
	// Follow calls fn for each new line that fits (Since, Until and Tail are
	// not used), until ctx ends or fn returns false; it runs in the caller's
	// goroutine. A slow fn loses lines, and is told how many before the next.
	Follow(ctx context.Context, f Filter, fn func(l Line, lost uint64) bool) error
	// Sync returns when all that was appended before is on disk.
	Sync() error
	// Dropped counts lines lost since the start.
	Dropped() uint64
	// Close syncs and ends all followers.
	Close() error
}
