// Package power is the seam between those who want a board on or off and the
// device that can do it. It decides which kind of device a board's power line
// names; it refuses to retry, queue or decide anything about boards. The
// relay-board actor calls it, and the command line's --direct. In this version
// a ProXR relay is the only kind.
package power

import (
	"context"
	"fmt"
	"strings"

	"mozpool/relayproto"
)

// Switch controls the power of one board. Each call is one absolute exchange
// under the context's deadline, read back before it answers nil. on and off are
// the board's power. Errors are those of package relayproto.
type Switch interface {
	// Key names the device that serves one caller at a time ("host:port" for a
	// relay board): switches with equal keys must not be used at once.
	Key() string
	// String gives the power line as boards.yaml has it.
	String() string
	// MakeOff takes the board's power away.
	MakeOff(ctx context.Context) error
	// MakeOn gives the board power; it never cuts a board that has it.
	MakeOn(ctx context.Context) error
	// On reads whether the board has power.
	On(ctx context.Context) (bool, error)
}

// Spec is a board's power line, understood. It is comparable: equal specs are
// the same relay under one spelling of the host.
type Spec struct {
	Relay relayproto.Address
}

// Key names the device that serves one caller at a time.
func (s Spec) Key() string { return s.Relay.HostPort() }

// String gives the line that Parse reads back.
func (s Spec) String() string { return s.Relay.String() }

// Known to the format of boards.yaml, but not to this version.
var later = []string{"exec:", "http://", "https://", "snmp://", "ipmi://", "redfish://"}

// Parse reads "host[:port]:bankN:relayM". Other forms of boards.yaml are
// refused by name, and everything else with how to write it.
func Parse(spec string) (Spec, error) {
	for _, form := range later {
		if strings.HasPrefix(spec, form) {
			return Spec{}, unsupported(form)
		}
	}
	if spec == "manual" {
		return Spec{}, unsupported(spec)
	}
	address, err := relayproto.ParseAddress(spec)
	if err != nil {
		return Spec{}, fmt.Errorf("power: %w", err)
	}
	return Spec{Relay: address}, nil
}

// unsupported names only the form: the rest of a URL may hold a password.
func unsupported(form string) error {
	return fmt.Errorf("power: %q switches are not supported by this version; use a relay, host[:port]:bankN:relayM", form)
}
