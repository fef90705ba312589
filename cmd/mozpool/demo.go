package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"golang.org/x/term"

	"mozpool/cmd/mozpool/demo"
)

// demoCommand is "mozpool demo".
type demoCommand struct {
	Boards    int     `default:"8" help:"Number of simulated boards."`
	Speed     float64 `default:"30" help:"Divides every time, the limits and the relay boards' rests included."`
	Seed      uint64  `default:"1" help:"Decides all chance."`
	FaultRate float64 `default:"0" help:"Probability, per step of a boot, that something breaks."`
	Once      bool    `help:"End when every board rests."`
	JSON      bool    `name:"json" help:"Print the result as JSON in the last line."`
	Log       bool    `help:"Show the server's log on standard error."`
}

// Run runs the demo.
func (c *demoCommand) Run(ctx context.Context) error {
	o := demo.Options{Boards: c.Boards, Speed: c.Speed, Seed: c.Seed, FaultRate: c.FaultRate, Once: c.Once, JSON: c.JSON, Out: os.Stdout}
	if err := o.Validate(); err != nil {
		return usageError{err}
	}
	if c.Log {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if w, h, err := term.GetSize(int(os.Stdout.Fd())); err == nil && !c.Log {
		o.Terminal, o.Width, o.Height = true, w, h
	}
	_, err := demo.Run(ctx, o)
	if errors.Is(err, context.Canceled) {
		return nil // interrupted while asking
	}
	return err
}
