package member

import (
	"context"
	"encoding/json"
	"time"

	"mozpool/cluster/ask"
)

const (
	aboutClock = "clock"
	clockEvery = 30 * time.Second
	clockTime  = 3 * time.Second // for one answer
	// ClocksApart is from where on clocks that differ are warned of: times in lists and logs mislead people then. No lease,
	// no limit and no grant hangs on them.
	ClocksApart = 2 * time.Second
)

// moment is a server's wall clock; the zero time: it does not tell, as one of a version before.
type moment struct {
	Now time.Time `json:"now"`
}

// compareClocks asks the others for their clocks, now and then, until ctx ends.
func (m *Member) compareClocks(ctx context.Context) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		clocks := make(map[string]time.Duration)
		for _, server := range m.Others() {
			if ahead, ok := m.ahead(ctx, server); ok {
				clocks[server] = ahead
			}
		}
		m.noteClocks(clocks)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ahead is by how much a server's clock is ahead of this one's; behind is negative.
func (m *Member) ahead(ctx context.Context, server string) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, clockTime)
	defer cancel()
	var there moment
	asked, began := m.cfg.Clock(), time.Now()
	err := m.Ask(ctx, server, ask.Question{Subject: aboutClock, Body: json.RawMessage("{}")}, &there)
	if err != nil || there.Now.IsZero() {
		return 0, false
	}
	return there.Now.Sub(asked.Add(time.Since(began) / 2)), true
}

// noteClocks keeps what was found, and warns of clocks that have come apart since the last time.
func (m *Member) noteClocks(clocks map[string]time.Duration) {
	before := m.Clocks()
	for server, ahead := range clocks {
		if apart(ahead) && !apart(before[server]) {
			m.log.Warn("cluster: a server's clock is another than this one's; see to their time service", "server", server, "ahead", ahead.Round(time.Millisecond))
		}
	}
	m.clocks.Store(&clocks)
}

func apart(ahead time.Duration) bool { return ahead.Abs() >= ClocksApart }

// Clocks are by how much the other servers' clocks are ahead of this one's, as far as they answered lately. The map must
// not be changed.
func (m *Member) Clocks() map[string]time.Duration {
	if c := m.clocks.Load(); c != nil {
		return *c
	}
	return nil
}
