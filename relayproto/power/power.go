// Package power reads the power line of a board. It decides which kind of
// device the line names; it refuses to reach any, and knows no board. The
// inventory calls it to check boards.yaml, and the server to find the relay
// board. In this version a ProXR relay is the only kind.
package power

import (
	"errors"
	"fmt"
	"strings"

	"mozpool/relayproto"
)

// Spec is a board's power line, understood. It is comparable: equal specs are
// the same relay under one spelling of the host.
type Spec struct {
	Relay relayproto.Address
}

// Key names the device that serves one caller at a time ("host:port" of the
// relay board): specs with equal keys must not be used at once.
func (s Spec) Key() string { return s.Relay.HostPort() }

// String gives the line that Parse reads back.
func (s Spec) String() string { return s.Relay.String() }

// Known to the format of boards.yaml, but not to this version.
var later = []string{"exec:", "http://", "https://", "snmp://", "ipmi://", "redfish://"}

// Parse reads "host[:port]:bankN:relayM". Other forms of boards.yaml are
// refused by name, and everything else with how to write it.
func Parse(spec string) (Spec, error) {
	if spec == "" {
		return Spec{}, errNoRelay
	}
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
		return Spec{}, err
	}
	return Spec{Relay: address}, nil
}

var errNoRelay = errors.New("power: the board has no relay; give it one as host[:port]:bankN:relayM")

// unsupported names only the form: the rest of a URL may hold a password.
func unsupported(form string) error {
	return fmt.Errorf("power: %q switches are not supported by this version; use a relay, host[:port]:bankN:relayM", form)
}
