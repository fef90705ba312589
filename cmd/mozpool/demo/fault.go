package demo

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/boardsim"
)

// Fault is something that the demo breaks on purpose.
type Fault struct {
	// Relay is the number of a relay board, from 1, that has its plug pulled At, and put back For later: times of the
	// boards since the demo began, divided by its speed. What is asked of the boards behind it is asked in between.
	Relay   int
	At, For time.Duration
	// Crossed are the numbers of two boards, from 1, that hang on each other's relays. Once all boards rest, the first
	// is asked for a power cycle.
	Crossed [2]int
}

var (
	relayFault   = regexp.MustCompile(`^relay=(\d{1,4})@([0-9a-z.]+)\+([0-9a-z.]+)$`)
	crossedFault = regexp.MustCompile(`^crossed=board(\d{1,4}),board(\d{1,4})$`)
)

// ParseFault reads relay=N@WHEN+LENGTH or crossed=boardA,boardB.
func ParseFault(text string) (Fault, error) {
	if m := relayFault.FindStringSubmatch(text); m != nil {
		at, err := time.ParseDuration(m[2])
		if err != nil {
			return Fault{}, fmt.Errorf("--fault %s: %w", text, err)
		}
		length, err := time.ParseDuration(m[3])
		if err != nil {
			return Fault{}, fmt.Errorf("--fault %s: %w", text, err)
		}
		return Fault{Relay: number(m[1]), At: at, For: length}, nil
	}
	if m := crossedFault.FindStringSubmatch(text); m != nil {
		return Fault{Crossed: [2]int{number(m[1]), number(m[2])}}, nil
	}
	return Fault{}, fmt.Errorf("--fault %s: write relay=1@10s+20s (relay board 1 loses its plug after 10 s, for 20 s) or crossed=board2,board3", text)
}

// number reads at most four digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the expressions let nothing else through
	return n
}

// validate looks whether the rack has what is to be broken.
func (f Fault) validate(boards int) error {
	relays := (boards + perRelayBoard - 1) / perRelayBoard
	switch {
	case f.Relay == 0 && f.Crossed == [2]int{}, f.Relay < 0, f.Relay > relays:
		return fmt.Errorf("--fault relay=%d: there are relay boards 1 to %d", f.Relay, relays)
	case f.Relay > 0 && (f.At < 0 || f.For <= 0 || f.At+f.For > time.Hour):
		return fmt.Errorf("--fault relay=%d@%v+%v: within an hour, and for longer than nothing", f.Relay, f.At, f.For)
	case f.Relay > 0:
		return nil
	case f.Crossed[0] == f.Crossed[1]:
		return fmt.Errorf("--fault crossed=board%d,board%d: name two boards", f.Crossed[0], f.Crossed[1])
	}
	for _, n := range f.Crossed {
		if n < 1 || n > boards || (n-1)/perRelayBoard != (f.Crossed[0]-1)/perRelayBoard {
			return fmt.Errorf("--fault crossed=board%d,board%d: two of board1 to board%d, on one relay board of %d", f.Crossed[0], f.Crossed[1], boards, perRelayBoard)
		}
	}
	return nil
}

// cross swaps the cables of the boards that faults name.
func (w *wiring) cross(faults []Fault) {
	w.swapped = make(map[boardsim.Place]boardsim.Place)
	for _, f := range faults {
		if f.Relay == 0 {
			a, b := boardsim.PlaceOf(f.Crossed[0]-1, perRelayBoard), boardsim.PlaceOf(f.Crossed[1]-1, perRelayBoard)
			w.swapped[a], w.swapped[b] = b, a
		}
	}
}

// breakThings carries the faults out, one after another, until the last is over or ctx ends.
func (r *Rack) breakThings(ctx context.Context, faults []Fault, speed float64) error {
	c, err := client.New(r.Server.APIURL(), client.Options{User: "demo"})
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	began := time.Now()
	for _, f := range faults {
		if f.Relay > 0 {
			f.At, f.For = time.Duration(float64(f.At)/speed), time.Duration(float64(f.For)/speed)
			err = r.unplug(ctx, c, f, began)
		} else {
			err = r.showCrossed(ctx, c, f)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// relayOf is the number of the relay board that a board hangs on, from 1.
func relayOf(v *actors.View) int {
	return (number(strings.TrimPrefix(v.Spec.Name, "board"))-1)/perRelayBoard + 1
}

// later says whether a board is asked for its image only when its relay board loses its plug.
func later(v *actors.View, faults []Fault) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Relay == relayOf(v) })
}

// unplug pulls a relay board's plug, asks its boards for what needs it, and puts the plug back.
func (r *Rack) unplug(ctx context.Context, c *client.Client, f Fault, began time.Time) error {
	if !sleep(ctx, time.Until(began.Add(f.At))) {
		return nil
	}
	relay := r.Relays[f.Relay-1]
	relay.Unplug()
	until := time.Now().Add(f.For)
	for _, v := range r.Server.Fleet().Views() {
		var err error
		switch {
		case relayOf(v) != f.Relay || !v.Board.State.Rest():
		case v.Board.Attempt == 0:
			_, err = c.Image(ctx, v.Spec.Name, v1.ImageWish{Image: imageName})
		default:
			_, err = c.Wish(ctx, v.Spec.Name, board.WantPowerCycle)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("ask something of %s: %w", v.Spec.Name, err)
		}
	}
	sleep(ctx, time.Until(until))
	return relay.Plug()
}

// showCrossed asks for a power cycle of one of two crossed boards, so that it shows.
func (r *Rack) showCrossed(ctx context.Context, c *client.Client, f Fault) error {
	for !r.atRest() {
		if !sleep(ctx, look) {
			return nil
		}
	}
	name := fmt.Sprintf("board%d", f.Crossed[0])
	if _, err := c.Wish(ctx, name, board.WantPowerCycle); err != nil && ctx.Err() == nil {
		return fmt.Errorf("ask for a power cycle of %s: %w", name, err)
	}
	return nil
}

// sleep lets time pass; false: ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
