// Package inventory reads lists of boards and says how a new list differs from
// what is known.
//
// It decides what a board may be called, which notations of a MAC address are
// understood, and that no two boards share a name, an id, a MAC, a relay or an
// address. Diff is pure: it plans, and applies nothing; the sync actor applies,
// with its failsafes. Called by the server at start and at reload, and by the
// sync actor.
//
// It refuses to know switches: whether a power address is well formed is asked
// of a function that the caller gives.
package inventory

import (
	"maps"
	"net/netip"
)

// Spec is a board as a source of the inventory describes it.
type Spec struct {
	ID       string            `json:"id"`                // stable over renaming; default: the name
	Name     string            `json:"name"`              // unique, see CheckName
	MAC      MAC               `json:"mac"`               // of the interface it boots from
	Rack     string            `json:"rack"`              // a rack of mozpool.yaml
	Hardware string            `json:"hardware"`          // a hardware type of images.yaml
	Power    string            `json:"power"`             // host[:port]:bankN:relayM | exec:… | manual …; empty: manual
	Address  netip.Addr        `json:"address,omitzero"`  // invalid: learned from the board
	Place    string            `json:"place,omitempty"`   // where a person finds it
	Console  string            `json:"console,omitempty"` // tcp://host:port that is read, or a URL for people; empty: none
	Labels   map[string]string `json:"labels,omitempty"`  // to choose boards by
	Source   string            `json:"source"`            // the file or URL that it comes from
}

// Equal tells whether two specs say the same, Source included.
func (s Spec) Equal(o Spec) bool {
	labels, other := s.Labels, o.Labels
	s.Labels, o.Labels = nil, nil
	return maps.Equal(labels, other) && s.scalars() == o.scalars()
}

// scalars is everything of a Spec that == compares.
func (s Spec) scalars() [10]string {
	return [10]string{s.ID, s.Name, string(s.MAC), s.Rack, s.Hardware, s.Power, s.Address.String(), s.Place, s.Console, s.Source}
}
