// Package demo images a simulated rack: a real server on embedded defaults, in a temporary folder, on free ports of
// loopback, and boards made of code that speak the real protocols to it.
//
// It decides what the rack looks like and what is shown of it. It refuses every shortcut: boards are asked for by the
// API, switched through simulated relay boards, and imaged by TFTP and HTTP, so what it shows is what a rack would do.
// "mozpool demo" calls it, and so do tests and benchmarks that need a rack.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"mozpool/actors/board"
)

// Options shape a demo.
type Options struct {
	Boards    int     // in all
	Speed     float64 // divides every time, limits and the relay boards' rests included
	Seed      uint64  // decides all chance
	FaultRate float64 // probability per step of a boot that something breaks
	IPXE      bool    // the boards' loader is iPXE, not U-Boot
	// BootsAtOnce is the rack's power budget. 0: 16.
	BootsAtOnce int
	// Servers and Racks, where one is above 1, make it a cluster of processes of Program, each rack with boards of its own.
	Servers, Racks int
	Program        string
	// Inventory is where the boards come from: NetBox or Mozilla, pretended in this process. Empty: a file.
	Inventory string
	Faults    []Fault
	Once      bool // end when every board rests, instead of when ctx ends
	JSON      bool // the last line is a Result
	// Size is asked for the terminal's width and height, in characters and lines, before each drawing of a live table.
	// nil: Out is no terminal and gets a line a change.
	Size   func() (width, height int)
	Out    io.Writer
	Logger *slog.Logger // of the server; nil: silence
	// Version and Commit are of the binary, for its server info; empty: unknown.
	Version, Commit string
}

// Result is how a demo ended.
type Result struct {
	Boards   int `json:"boards"`
	Ready    int `json:"ready"`
	Failed   int `json:"failed"`
	Attempts int `json:"attempts"`
	Retries  int `json:"retries"` // tries spent, all boards
	// Incidents were opened, and OpenIncidents are not over.
	Incidents     int     `json:"-"`
	OpenIncidents int     `json:"-"`
	Seconds       float64 `json:"seconds"`
	Kept          int64   `json:"-"` // bytes that cards had already, so that they were not written
}

// ErrNotReady says that boards ended otherwise than ready. Run returns it alone, after the last line has told so.
var ErrNotReady = errors.New("not every board is ready")

// Validate reports everything that makes a demo impossible.
func (o *Options) Validate() error {
	var errs []error
	if o.Boards < 1 || o.Boards > 5000 {
		errs = append(errs, fmt.Errorf("--boards %d: from 1 to 5000", o.Boards))
	}
	if !(o.Speed > 0 && o.Speed <= 1000) { // negated, so that NaN is refused too
		errs = append(errs, fmt.Errorf("--speed %g: above 0, at most 1000", o.Speed))
	}
	if !(o.FaultRate >= 0 && o.FaultRate <= 1) {
		errs = append(errs, fmt.Errorf("--fault-rate %g: a probability, from 0 to 1", o.FaultRate))
	}
	for _, f := range o.Faults {
		errs = append(errs, f.validate(o.Boards))
	}
	errs = append(errs, o.validateCluster(), o.validateInventory())
	return errors.Join(errs...)
}

// Run runs a demo until every board rests (Once) or ctx ends, which is no error. Everything it makes is gone when it
// returns; only then is the last line printed.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.Validate(); err != nil {
		return Result{}, err
	}
	if o.several() {
		return runCluster(ctx, o)
	}
	began := time.Now()
	s := newScreen(o)
	result, err := image(ctx, o, s)
	interrupted := ctx.Err() != nil
	result.Boards = o.Boards
	result.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	s.goodbye(result, interrupted)
	if err == nil && o.Once && result.Ready < result.Boards {
		err = ErrNotReady
	}
	return result, err
}

// image makes a rack, images it, and takes it down again.
func image(ctx context.Context, o Options, s *screen) (Result, error) {
	r, err := NewRack(ctx, o)
	if err != nil {
		return Result{}, unlessInterrupted(ctx, fmt.Errorf("demo: %w", err))
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- r.Server.Run(serving)
		cancel() // a server that cannot go on is not watched
	}()
	s.hello(r)
	if err = r.fill(watching); err == nil {
		err = r.WishAll(watching, o.Faults)
	}
	broken := make(chan error, 1)
	go func() {
		broken <- r.breakThings(watching, o.Faults, o.Speed)
		r.peace.Store(true)
	}()
	if err == nil {
		s.watch(watching, r)
	}
	cancel()
	result := r.result()
	result.Kept = r.kept()
	fault := <-broken
	stop()
	return result, errors.Join(unlessInterrupted(ctx, err), fault, <-ended, r.Close())
}

// unlessInterrupted drops the error of what was broken off on request.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// atRest says whether every board has come to rest after its wish.
func (r *Rack) atRest() bool {
	for _, v := range r.Server.Fleet().Views() {
		if !v.Board.State.Rest() || v.Board.Attempt == 0 {
			return false
		}
	}
	return true
}

// kept are the bytes that cards had already, as the server counts them.
func (r *Rack) kept() (bytes int64) {
	families, err := r.Server.Registry().Gather()
	if err != nil {
		return 0 // a remark less
	}
	for _, f := range families {
		if f.GetName() != "mozpool_actors_card_bytes_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == "kept" {
					bytes += int64(m.GetCounter().GetValue())
				}
			}
		}
	}
	return bytes
}

// result counts what became of the boards.
func (r *Rack) result() Result {
	var res Result
	for _, i := range r.Server.Fleet().Incidents() {
		res.Incidents++
		if i.Closed.IsZero() {
			res.OpenIncidents++
		}
	}
	for _, v := range r.Server.Fleet().Views() {
		res.Attempts += int(v.Board.Attempt)
		res.Retries += tries(v)
		switch {
		case v.Board.State == board.Ready:
			res.Ready++
		case v.Board.State.Failed():
			res.Failed++
		}
	}
	return res
}
