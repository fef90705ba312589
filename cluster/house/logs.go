package house

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mozpool/persistence"
)

const (
	aboutLog = "log" // lines that a server has of a board
	// followGap lies between two looks at the lines of a board that lives elsewhere.
	followGap = time.Second
)

// Logs are the lines of boards, which stay where they were made and are asked for at all servers.
type Logs struct{ h *House }

// Logs gives the lines of boards, wherever they are. The house must have been given logs.
func (h *House) Logs() *Logs { return &Logs{h} }

// Query returns lines of all servers in the order of their times. A server that does not answer within a second is
// left out.
func (l *Logs) Query(ctx context.Context, f persistence.Filter) ([]persistence.Line, error) {
	lines, _, err := l.QueryAll(ctx, f)
	return lines, err
}

// QueryAll is Query, and names the servers that were left out.
func (l *Logs) QueryAll(ctx context.Context, f persistence.Filter) (lines []persistence.Line, missing []string, err error) {
	lines, err = l.h.cfg.Fleet.Logs.Query(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	missing = l.h.askAll(ctx, l.h.cfg.Peers.Others(), gather, aboutLog, f, func(r *reply) { lines = append(lines, r.Lines...) })
	slices.SortStableFunc(lines, func(a, b persistence.Line) int { return a.At.Compare(b.At) })
	if f.Tail > 0 && len(lines) > f.Tail {
		lines = lines[len(lines)-f.Tail:]
	}
	return lines, missing, nil
}

// Elsewhere are the other servers of the cluster, of whose lines Export has none.
func (l *Logs) Elsewhere() []string { return l.h.cfg.Peers.Others() }

// Export calls fn for every line that this server has; each server exports its own, since all of them may be too many to
// hold at once.
func (l *Logs) Export(ctx context.Context, f persistence.Filter, fn func(persistence.Line) bool) error {
	return l.h.cfg.Fleet.Logs.Export(ctx, f, fn)
}

// Follow calls fn for each new line, until ctx ends or fn returns false. Those of a board that lives elsewhere come a
// second late.
func (l *Logs) Follow(ctx context.Context, f persistence.Filter, fn func(line persistence.Line, lost uint64) bool) error {
	if v := l.h.ByName(f.Board); v == nil || l.h.fleet(v.Spec.Rack) != nil {
		return l.h.cfg.Fleet.Logs.Follow(ctx, f, fn)
	}
	f.Tail, f.Since = 0, l.h.now()
	tick := time.NewTicker(followGap)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		lines, err := l.Query(ctx, f)
		if err != nil {
			return fmt.Errorf("follow the lines of board %s: %w", f.Board, err)
		}
		for _, line := range lines {
			f.Since = line.At.Add(1)
			if !fn(line, 0) {
				return nil
			}
		}
	}
}

// now is the wall clock of the boards.
func (h *House) now() time.Time {
	if h.cfg.Fleet.Clock != nil {
		return h.cfg.Fleet.Clock()
	}
	return time.Now()
}

// linesHere answers another server.
func (h *House) linesHere(ctx context.Context, body []byte) (r reply) {
	var f persistence.Filter
	err := json.Unmarshal(body, &f)
	if err == nil {
		r.Lines, err = h.cfg.Fleet.Logs.Query(ctx, f)
	}
	r.fail(err)
	return r
}
