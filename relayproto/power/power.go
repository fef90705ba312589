// Package power reaches whatever switches a board's power: a ProXR relay, a
// command, a device that speaks HTTP. It decides what a power line of
// boards.yaml names (Parse, which reaches nothing), which device takes one
// exchange at a time and which outlet is whose (Spec), and drives outlets one
// operation after another (Open). It refuses to retry, to queue, to keep
// sessions apart, to cycle an outlet that can be switched on and off, and to
// believe a switch that reads back otherwise: the callers, the relay-board
// actor and the command line's --direct, decide those. It runs no shell and
// follows no redirect, and no password stands in what it says.
//
// Each kind of switch is a file of its own and one line in kinds; snmp://,
// ipmi:// and redfish:// are known by name only. DESIGN.md has the syntax.
package power

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"mozpool/relayproto"
)

// Kind says what a power line names.
type Kind string

// The kinds of this version.
const (
	Manual Kind = "manual" // a person; there is nothing to open
	ProXR  Kind = "proxr"
	Exec   Kind = "exec"
	HTTP   Kind = "http"
)

// Can is what a switch is able to do.
type Can struct {
	Switch bool // on and off are absolute, and may be repeated
	Cycle  bool // off and on again by itself; without Switch the caller records it first and waits for evidence
	Read   bool // tells whether the outlet has power; else nothing is read back
}

// Outlet is what one board hangs on. Two boards with the same Outlet are an
// error of the inventory. It is comparable.
type Outlet struct {
	Device string // see Spec.Key
	Name   string // on that device; empty: it has one
}

// Spec is a board's power line, understood. It is comparable, but for "the same
// outlet" compare Outlet: one outlet can be written in several ways.
type Spec struct {
	Kind   Kind
	Relay  relayproto.Address // of kind ProXR
	Can    Can
	device string
	outlet string
	line   string
}

// Key names the device that takes one exchange at a time: specs with equal
// keys must not be used at once. It is a ProXR relay board's "host:port",
// "http://host[:port]", or "exec:" and a name; empty for Manual.
func (s Spec) Key() string { return s.device }

// Outlet says which outlet it is; zero for Manual.
func (s Spec) Outlet() Outlet { return Outlet{Device: s.device, Name: s.outlet} }

// String gives the line in a form that Parse reads back. No password stands in it.
func (s Spec) String() string { return s.line }

// Rest is how long the device is deaf after a session was closed.
func (s Spec) Rest() time.Duration {
	if s.Kind == ProXR {
		return time.Second
	}
	return 0
}

// kind is how one kind of switch is read and reached.
type kind struct {
	forms []string // how its lines begin; a line that begins with none is a ProXR relay
	parse func(line string) (Spec, error)
	open  func(s *session) asker
}

var kinds = map[Kind]kind{
	Exec: {forms: []string{"exec:"}, parse: parseExec, open: openExec},
	HTTP: {forms: []string{"http://", "https://"}, parse: parseHTTP, open: openHTTP},
}

// Known to the format of boards.yaml, but not to this version.
var later = []string{"snmp://", "ipmi://", "redfish://"}

const maxLine = 1024

// Parse reads a power line. An empty one is Manual, as in a boards.yaml that
// names no power. Its errors are sentences with the remedy, and quote no part
// of a line that may hold a password.
func Parse(line string) (Spec, error) {
	line = strings.TrimSpace(line)
	switch {
	case line == "" || line == string(Manual):
		return Spec{Kind: Manual, line: string(Manual)}, nil
	case len(line) > maxLine:
		return Spec{}, fmt.Errorf("power: the line has %d bytes; at most %d fit; a script of your own, called by exec:, holds more", len(line), maxLine)
	case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Spec{}, errors.New("power: the line has control characters; write it in one line of printable text")
	}
	for _, form := range later {
		if strings.HasPrefix(line, form) {
			return Spec{}, fmt.Errorf("power: %q switches are not supported by this version; use a relay, host[:port]:bankN:relayM, or exec: with a command that reaches it", form)
		}
	}
	for name, k := range kinds {
		for _, form := range k.forms {
			if strings.HasPrefix(line, form) {
				spec, err := k.parse(line)
				if err != nil {
					return Spec{}, fmt.Errorf("power, %s switch: %w", name, err)
				}
				spec.Kind = name
				return spec, nil
			}
		}
	}
	return parseProXR(line)
}
