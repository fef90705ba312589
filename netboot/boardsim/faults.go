package boardsim

import (
	"fmt"
	"slices"
)

// Step is a part of a boot at which something can break.
type Step string

// The steps, in the order of a good day.
const (
	AtLoader   Step = "loader"
	AtKernel   Step = "kernel"
	AtLive     Step = "live"
	AtDownload Step = "download"
	AtWrite    Step = "write"
	AtReboot   Step = "reboot"
	AtImage    Step = "image"
)

// Breaks is how a step breaks. All but a dead card are mended by a power cycle.
type Breaks string

// The ways to break.
const (
	Hangs        Breaks = "hangs"         // does nothing until its power goes
	Resets       Breaks = "resets"        // begins again at the loader
	LosesNetwork Breaks = "loses_network" // hears and says nothing until its power goes
	BreaksOff    Breaks = "breaks_off"    // a transfer ends early, and is begun again or fallen through
	SaysNothing  Breaks = "says_nothing"  // a callback that is not needed is never sent
)

// possible are the ways in which each step breaks by chance.
var possible = map[Step][]Breaks{
	AtLoader:   {Hangs},
	AtKernel:   {Hangs, BreaksOff},
	AtLive:     {Hangs, Resets, SaysNothing},
	AtDownload: {BreaksOff, LosesNetwork, Resets, SaysNothing},
	AtWrite:    {Hangs, Resets, SaysNothing},
	AtReboot:   {Hangs},
	AtImage:    {Resets, Hangs},
}

type fault struct {
	step Step
	how  Breaks
}

// FailNext makes the board break in this way when it comes to step next. Several wait in a row. A way in which the step
// cannot break is an error.
func (b *Board) FailNext(step Step, how Breaks) error {
	if !slices.Contains(possible[step], how) {
		return fmt.Errorf("simulated board %s: step %s breaks in the ways %v, not %q", b.cfg.Name, step, possible[step], how)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.planned = append(b.planned, fault{step, how})
	return nil
}

// breaks says whether, and how, the step breaks now.
func (b *Board) breaks(step Step) Breaks {
	b.mu.Lock()
	defer b.mu.Unlock()
	how := Breaks("")
	if i := slices.IndexFunc(b.planned, func(f fault) bool { return f.step == step }); i >= 0 {
		how = b.planned[i].how
		b.planned = slices.Delete(b.planned, i, i+1)
	} else if ways := possible[step]; b.cfg.FaultRate > 0 && b.random.Float64() < b.cfg.FaultRate {
		how = ways[b.random.IntN(len(ways))]
	}
	return how
}
