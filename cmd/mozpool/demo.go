package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mozpool/cmd/mozpool/demo"
)

// demoCommand is "mozpool demo".
type demoCommand struct {
	Boards    int      `default:"8" help:"Number of simulated boards."`
	Servers   int      `default:"1" help:"Number of servers; several are processes of their own, of which any may be killed."`
	Racks     int      `default:"1" help:"Number of racks that the boards are in."`
	Speed     float64  `default:"30" help:"Divides every time, the limits and the relay boards' rests included."`
	Seed      uint64   `default:"1" help:"Decides all chance."`
	FaultRate float64  `default:"0" help:"Probability, per step of a boot, that something breaks."`
	IPXE      bool     `name:"ipxe" help:"The boards' loader is iPXE instead of U-Boot."`
	Once      bool     `help:"End when every board rests."`
	Fault     []string `sep:"none" placeholder:"FAULT" help:"What is to break: relay=1@10s+20s takes relay board 1 away after 10 s for 20 s, crossed=board2,board3 has two boards hang on each other's relays. May be repeated."`
	// Inventory may stand without a value.
	Inventory inventoryKind `placeholder:"KIND" help:"The boards come from an inventory that is pretended in this process, on loopback, and asked by its real API: a NetBox, or with --inventory=mozilla Mozilla's own."`
	JSON      bool          `name:"json" help:"Print the result as JSON in the last line."`
	Log       bool          `help:"Show the server's log on standard error."`
}

// inventoryKind is a flag whose value may be left out: --inventory, --inventory=mozilla.
type inventoryKind string

// IsBool has kong take the flag without a value.
func (inventoryKind) IsBool() bool { return true }

// Decode takes the value after the equals sign, if there is one.
func (k *inventoryKind) Decode(ctx *kong.DecodeContext) error {
	*k = demo.NetBox
	if t := ctx.Scan.Peek(); t.Type == kong.FlagValueToken {
		*k = inventoryKind(fmt.Sprint(ctx.Scan.Pop().Value))
	}
	if *k != demo.NetBox && *k != demo.Mozilla {
		return fmt.Errorf("%q is no inventory; %s or %s is", string(*k), demo.NetBox, demo.Mozilla)
	}
	return nil
}

// Run runs the demo.
func (c *demoCommand) Run(ctx context.Context) error {
	o := demo.Options{Boards: c.Boards, Speed: c.Speed, Seed: c.Seed, FaultRate: c.FaultRate, IPXE: c.IPXE, Once: c.Once, JSON: c.JSON, Out: os.Stdout,
		Inventory: string(c.Inventory), Servers: c.Servers, Racks: c.Racks, Version: version, Commit: commit}
	if program, err := os.Executable(); err == nil {
		o.Program = program
	}
	for _, text := range c.Fault {
		f, err := demo.ParseFault(text)
		if err != nil {
			return usageError{err}
		}
		o.Faults = append(o.Faults, f)
	}
	if err := errors.Join(c.none(), o.Validate()); err != nil {
		return usageError{err}
	}
	if c.Log {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if term.IsTerminal(int(os.Stdout.Fd())) && !c.Log {
		o.Size = terminalSize
	}
	_, err := demo.Run(ctx, o)
	if errors.Is(err, demo.ErrNotReady) {
		return quietError{} // the last line has told so, and stays the last
	}
	return err
}

// none refuses a count of none, which the options of a demo take for not given.
func (c *demoCommand) none() error {
	var errs []error
	if c.Servers == 0 {
		errs = append(errs, errors.New("--servers 0: from 1 to 9"))
	}
	if c.Racks == 0 {
		errs = append(errs, errors.New("--racks 0: from 1 to 20"))
	}
	return errors.Join(errs...)
}

// quietError fails without a word.
type quietError struct{}

func (quietError) Error() string { return "" }

// terminalSize asks anew each time, as people resize their windows.
func terminalSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}
