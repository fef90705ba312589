package board

import (
	"slices"
	"strings"
)

// State is where a board is in its life. A state is a rest, the pause Waiting, or it works under a time limit.
type State string

// The rests: nothing moves a board out of them but a wish, or an operator's word.
const (
	New             State = "new"
	Ready           State = "ready"
	Off             State = "off"
	Maintenance     State = "maintenance"
	Troubleshooting State = "troubleshooting"
	LockedOut       State = "locked_out"
	FailedPower     State = "failed_power"
	FailedBoot      State = "failed_boot"
	FailedLive      State = "failed_live"
	FailedInstall   State = "failed_install"
	FailedVerify    State = "failed_verify"
	FailedSelfTest  State = "failed_self_test"
)

// Waiting is the pause: it keeps the wish, spends no tries, and names what it waits for.
const Waiting State = "waiting"

// The working states, in the order in which an image goes on a board.
const (
	Cutting     State = "cutting"
	Powering    State = "powering"
	Booting     State = "booting"
	Live        State = "live"
	Downloading State = "downloading"
	Writing     State = "writing"
	SelfTesting State = "self_testing"
	Restarting  State = "restarting"
	Verifying   State = "verifying"
)

// Valid says whether s has a row in the table.
func (s State) Valid() bool { _, ok := table[s]; return ok }

// Rest says whether s is a rest: no limit, no effects, left only by a wish or by an operator.
func (s State) Rest() bool { return table[s].rest }

// Failed says whether s is one of the failed_… rests.
func (s State) Failed() bool { return strings.HasPrefix(string(s), "failed_") }

// Working says whether s works towards a wish under a time limit.
func (s State) Working() bool { return s.Valid() && !s.Rest() && s != Waiting }

// HasEntry says whether a boot entry is published while a board that is to boot the live environment is in s.
// Nowhere else, so that all evidence of a boot is from after its power-on, and a stray reset boots the card.
func (s State) HasEntry() bool { return s == Powering || s == Booting || s == Maintenance }

// HoldsPlace says whether a board in s takes one of its rack's places between power-on and live environment.
func (s State) HoldsPlace() bool { return s == Cutting || s == Powering || s == Booting }

// States lists every state, working states in the order of an imaging run, then the pause, then the rests.
func States() []State {
	return []State{
		Cutting, Powering, Booting, Live, Downloading, Writing, SelfTesting, Restarting, Verifying,
		Waiting,
		New, Ready, Off, Maintenance, Troubleshooting, LockedOut,
		FailedPower, FailedBoot, FailedLive, FailedInstall, FailedVerify, FailedSelfTest,
	}
}

// WaitingFor names what a board in Waiting waits for.
type WaitingFor string

// What a board can wait for.
const (
	ForPowerBudget WaitingFor = "power_budget"
	ForRelay       WaitingFor = "relay"
	ForImage       WaitingFor = "image"
	ForServer      WaitingFor = "server"
	ForPerson      WaitingFor = "person"
)

// Part is what a failed visit is put down to.
type Part string

// The parts that can be to blame.
const (
	PartBoard   Part = "board"
	PartCard    Part = "card"
	PartRelay   Part = "relay"
	PartWiring  Part = "wiring"
	PartNetwork Part = "network"
	PartImage   Part = "image"
	PartServer  Part = "server"
)

// Parts are all of them.
func Parts() []Part {
	return []Part{PartBoard, PartCard, PartRelay, PartWiring, PartNetwork, PartImage, PartServer}
}

// ParsePart returns the part that a board's script named, or PartBoard where it named none that we know.
func ParsePart(s string) Part {
	if slices.Contains(Parts(), Part(s)) {
		return Part(s)
	}
	return PartBoard
}
