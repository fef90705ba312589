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
	// BootsAtOnce is the rack's power budget. Default: 16.
	BootsAtOnce int
	Once        bool // end when every board rests, instead of when ctx ends
	JSON        bool // the last line is a Result
	Terminal    bool // Out is a terminal: a live table instead of lines
	Width       int  // of the terminal, in characters
	Height      int  // in lines
	Out         io.Writer
	Logger      *slog.Logger // of the server; nil: silence
}

// Result is how a demo ended.
type Result struct {
	Boards   int     `json:"boards"`
	Ready    int     `json:"ready"`
	Failed   int     `json:"failed"`
	Attempts int     `json:"attempts"`
	Retries  int     `json:"retries"` // tries spent, all boards
	Seconds  float64 `json:"seconds"`
}

// ErrNotReady says that boards ended otherwise than ready.
var ErrNotReady = errors.New("not every board is ready")

// Validate reports what makes a demo impossible.
func (o *Options) Validate() error {
	var errs []error
	if o.Boards < 1 || o.Boards > 5000 {
		errs = append(errs, fmt.Errorf("--boards %d: from 1 to 5000", o.Boards))
	}
	if o.Speed <= 0 || o.Speed > 1000 {
		errs = append(errs, fmt.Errorf("--speed %g: above 0, at most 1000", o.Speed))
	}
	if o.FaultRate < 0 || o.FaultRate > 1 {
		errs = append(errs, fmt.Errorf("--fault-rate %g: a probability, from 0 to 1", o.FaultRate))
	}
	return errors.Join(errs...)
}

// Run runs a demo. Everything it makes is gone when it returns.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.Validate(); err != nil {
		return Result{}, err
	}
	began := time.Now()
	r, err := NewRack(ctx, o)
	if err != nil {
		return Result{}, fmt.Errorf("demo: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- r.Server.Run(serving) }()
	result, err := r.run(ctx, o, began)
	stop()
	return result, errors.Join(err, <-ended, r.Close())
}

// run asks for the images, and shows what comes of it.
func (r *Rack) run(ctx context.Context, o Options, began time.Time) (Result, error) {
	s := newScreen(o, r)
	s.hello()
	if err := r.WishAll(ctx); err != nil {
		return Result{}, err
	}
	done := s.watch(ctx, func() bool { return o.Once && r.atRest() })
	result := r.result(time.Since(began))
	s.goodbye(result, done)
	if o.Once && result.Ready < result.Boards {
		return result, ErrNotReady
	}
	return result, nil
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

func (r *Rack) result(took time.Duration) Result {
	res := Result{Seconds: float64(took.Milliseconds()) / 1000}
	for _, v := range r.Server.Fleet().Views() {
		res.Boards++
		res.Attempts += int(v.Board.Attempt)
		for _, n := range v.Board.Tries {
			res.Retries += int(n)
		}
		switch {
		case v.Board.State == board.Ready:
			res.Ready++
		case v.Board.State.Failed():
			res.Failed++
		}
	}
	return res
}
