package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"mozpool/cmd/mozpool/demo/several"
)

// several tells whether the demo is one of a cluster.
func (o *Options) several() bool { return o.Servers > 1 || o.Racks > 1 }

// validateCluster reports what makes a demo of a cluster impossible.
func (o *Options) validateCluster() error {
	var errs []error
	if o.Servers < 0 || o.Servers > 9 {
		errs = append(errs, fmt.Errorf("--servers %d: from 1 to 9", o.Servers))
	}
	if o.Racks < 0 || o.Racks > 20 {
		errs = append(errs, fmt.Errorf("--racks %d: from 1 to 20", o.Racks))
	}
	if o.several() && o.Boards < o.Racks {
		errs = append(errs, fmt.Errorf("--boards %d: one for each of the %d racks at least", o.Boards, o.Racks))
	}
	if o.several() && len(o.Faults) > 0 {
		errs = append(errs, errors.New("--fault: for one server and one rack only; of several servers, kill one"))
	}
	return errors.Join(errs...)
}

// runCluster is Run with servers that are processes of their own.
func runCluster(ctx context.Context, o Options) (Result, error) {
	began := time.Now()
	s := newScreen(o)
	c := several.Options{Program: o.Program, Servers: max(o.Servers, 1), Racks: max(o.Racks, 1), Boards: o.Boards, Speed: o.Speed, Seed: o.Seed, FaultRate: o.FaultRate, IPXE: o.IPXE}
	if o.Logger != nil {
		c.Log = os.Stderr
	}
	t, err := several.Run(ctx, c, o.Once, o.Out)
	interrupted := ctx.Err() != nil
	result := Result{Boards: o.Boards, Ready: t.Ready, Failed: t.Failed, Attempts: t.Attempts, Retries: t.Retries,
		Seconds: float64(time.Since(began).Milliseconds()) / 1000}
	s.goodbye(result, interrupted)
	if err = unlessInterrupted(ctx, err); err == nil && o.Once && result.Ready < result.Boards {
		err = ErrNotReady
	}
	return result, err
}
