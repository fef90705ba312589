package member

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Clocks that come apart are warned of once.
func TestClocksThatComeApart(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m := &Member{log: slog.New(slog.NewTextHandler(&log, nil))}
	for i, step := range []struct {
		ahead time.Duration
		warns int
	}{{0, 0}, {-ClocksApart, 1}, {-time.Hour, 1}, {time.Millisecond, 1}, {time.Hour, 2}} {
		m.noteClocks(map[string]time.Duration{"s2": step.ahead})
		if got := strings.Count(log.String(), "clock is another"); got != step.warns || m.Clocks()["s2"] != step.ahead {
			t.Errorf("step %d: %d warnings, %v\n%s", i, got, m.Clocks(), log.String())
		}
	}
}
