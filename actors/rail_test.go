package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mozpool/relayproto"
)

// rail is some relay boards in memory. It keeps a record of what was switched and of what no relay board would bear,
// and can fail.
type rail struct {
	mu     sync.Mutex
	off    map[Switch]bool
	cuts   map[Switch]int
	log    []stroke
	dials  map[string]int
	open   map[string]int
	most   int // connections at once to one relay board
	closed map[string]time.Time
	early  int // connections to a relay board that was deaf
	calls  int

	fail  error            // of all relay boards
	down  map[string]error // of some
	stuck map[Switch]error
	takes time.Duration // every exchange
	// onSwitch hears when a board gets or loses power.
	onSwitch func(s Switch, on bool)
}

// stroke is one thing that a relay did.
type stroke struct {
	at time.Time
	sw Switch
	on bool
}

func newRail() *rail {
	return &rail{off: make(map[Switch]bool), cuts: make(map[Switch]int), dials: make(map[string]int), open: make(map[string]int),
		closed: make(map[string]time.Time), down: make(map[string]error)}
}

// relayAt is relay n of the relay board with a number.
func relayAt(b, n int) Switch {
	return Switch{Board: fmt.Sprintf("relay%d", b), Outlet: fmt.Sprint(n), Line: fmt.Sprintf("relay%d:%d", b, n), Rest: time.Second}
}

func (r *rail) Parse(spec string) (Switch, error) {
	var b, n int
	cycles := strings.HasPrefix(spec, "cycling ")
	if spec == "manual" {
		return Switch{}, nil
	}
	if _, err := fmt.Sscanf(strings.TrimPrefix(spec, "cycling "), "relay%d:%d", &b, &n); err != nil {
		return Switch{}, errors.New("the board has no relay")
	}
	s := relayAt(b, n)
	s.Cycles = cycles
	return s, nil
}

func (r *rail) Dial(_ context.Context, s Switch, before func() error) (RelaySession, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dials[s.Board]++
	if at := r.closed[s.Board]; !at.IsZero() && time.Since(at) < s.Rest {
		r.early++
	}
	if err := errors.Join(r.fail, r.down[s.Board]); err != nil {
		return nil, err
	}
	r.open[s.Board]++
	r.most = max(r.most, r.open[s.Board])
	return &trolley{r, s.Board, before}, nil
}

// trolley is a connection to one relay board of a rail.
type trolley struct {
	*rail
	board  string
	before func() error
}

// write is what begins every exchange.
func (r *trolley) write(s Switch) error {
	if err := r.before(); err != nil {
		return fmt.Errorf("%w: %w", relayproto.ErrHeld, err)
	}
	time.Sleep(r.takes) // virtual
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.fail, r.down[r.board], r.stuck[s])
}

func (r *trolley) Test(context.Context) error { return r.write(Switch{}) }

func (r *trolley) Set(_ context.Context, s Switch, on bool) error {
	if err := r.write(s); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if !on && !r.off[s] {
		r.cuts[s]++
	}
	if r.off[s] == on {
		r.log = append(r.log, stroke{time.Now(), s, on})
		if r.onSwitch != nil {
			r.onSwitch(s, on)
		}
	}
	r.off[s] = !on
	return nil
}

func (r *trolley) Cycle(ctx context.Context, s Switch) error {
	if err := r.Set(ctx, s, false); err != nil {
		return err
	}
	return r.Set(ctx, s, true)
}

func (r *trolley) Powered(_ context.Context, s Switch) (bool, error) {
	if err := r.write(s); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.off[s], nil
}

func (r *trolley) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[r.board]--
	r.closed[r.board] = time.Now()
	return nil
}

// powered says whether the board behind a relay has power.
func (r *rail) powered(s Switch) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.off[s]
}

func (r *rail) cutsOf(s Switch) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cuts[s]
}

func (r *rail) switched() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

func (r *rail) stick(s Switch, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = map[Switch]error{s: err}
}

func (r *rail) setFail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

// setDown takes a relay board's plug out; nil puts it back.
func (r *rail) setDown(board string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down[board] = err
}

// strokes are what the relays did since a time.
func (r *rail) strokes(since time.Time) (all []stroke) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.log {
		if !s.at.Before(since) {
			all = append(all, s)
		}
	}
	return all
}
