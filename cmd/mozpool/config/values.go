package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mozpool/persistence/strictyaml"
)

// NewBoards is what happens to a board that the inventory brings.
type NewBoards string

// The choices of NewBoards.
const (
	NewBoardsWait     NewBoards = "wait"
	NewBoardsVerify   NewBoards = "verify"
	NewBoardsSelfTest NewBoards = "self-test"
)

// UnmarshalText accepts the three choices.
func (n *NewBoards) UnmarshalText(text []byte) error {
	return choose(n, text, NewBoardsWait, NewBoardsVerify, NewBoardsSelfTest)
}

// OnFailure is what follows a failed health check.
type OnFailure string

// The choices of OnFailure.
const (
	OnFailureReport  OnFailure = "report"
	OnFailureRecover OnFailure = "recover"
)

// UnmarshalText accepts the two choices.
func (o *OnFailure) UnmarshalText(text []byte) error {
	return choose(o, text, OnFailureReport, OnFailureRecover)
}

// FailedPowerState is what happens to the power of a failed board.
type FailedPowerState string

// The choices of FailedPowerState.
const (
	FailedPowerLeave FailedPowerState = "leave"
	FailedPowerOff   FailedPowerState = "off"
)

// UnmarshalText accepts the two choices.
func (f *FailedPowerState) UnmarshalText(text []byte) error {
	return choose(f, text, FailedPowerLeave, FailedPowerOff)
}

func choose[T ~string](into *T, text []byte, choices ...T) error {
	if slices.Contains(choices, T(text)) {
		*into = T(text)
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	remedy := "choose one of " + strings.Join(names, ", ")
	if near := strictyaml.Nearest(string(text), names); near != "" {
		remedy = "did you mean " + near + "?"
	}
	return &strictyaml.RemedyError{What: fmt.Sprintf("%q is none of the choices", text), Remedy: remedy}
}

// Address is an IP address without a port.
type Address struct{ netip.Addr }

// UnmarshalText reads an address such as 10.91.0.1.
func (a *Address) UnmarshalText(text []byte) error {
	addr, err := netip.ParseAddr(string(text))
	if err != nil {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no IP address", text),
			Remedy: "write an address such as 10.91.0.1; ports have their own key"}
	}
	a.Addr = addr
	return nil
}

// Network is a prefix of addresses.
type Network struct{ netip.Prefix }

// UnmarshalText reads a prefix such as 10.0.0.0/8, or one address.
func (n *Network) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no network", text), Remedy: "write it as 10.0.0.0/8 or as one address"}
	}
	if prefix != prefix.Masked() {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%s has bits beyond its length", text), Remedy: "write " + prefix.Masked().String()}
	}
	n.Prefix = prefix
	return nil
}

// ServiceAddress is an address with its prefix length, and the interface that
// gets it. The zero value means none.
type ServiceAddress struct {
	Prefix    netip.Prefix // the address itself, not masked
	Interface string
}

// maxInterface is the longest name of a Linux interface (IFNAMSIZ less its NUL).
const maxInterface = 15

// String gives ADDRESS/BITS@INTERFACE, or nothing for none.
func (s ServiceAddress) String() string {
	if !s.Prefix.IsValid() {
		return ""
	}
	return s.Prefix.String() + "@" + s.Interface
}

// UnmarshalText reads ADDRESS/BITS@INTERFACE; empty text means none.
func (s *ServiceAddress) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = ServiceAddress{}
		return nil
	}
	where, nic, _ := strings.Cut(string(text), "@")
	prefix, err := netip.ParsePrefix(where)
	bad := err != nil || nic == "" || len(nic) > maxInterface || strings.ContainsAny(nic, "/ \t")
	if bad || prefix.Addr().IsUnspecified() || prefix.Addr().IsMulticast() {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no service address", text),
			Remedy: "write ADDRESS/BITS@INTERFACE, such as 10.91.0.10/24@eth1"}
	}
	*s = ServiceAddress{Prefix: prefix, Interface: nic}
	return nil
}
