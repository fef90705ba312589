package relayproto

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Limits of the protocol and its registered port.
const (
	// DefaultPort is the TCP port of a relay board whose address names none.
	DefaultPort = 2101
	// MaxBank is the highest bank number; banks count from 1.
	MaxBank = 4
	// MaxNumber is the highest relay number in a bank; relays count from 1.
	MaxNumber = 8
)

const addressForm = `write it as host[:port]:bankN:relayM, for example "10.91.0.2:2101:bank1:relay1"`

// Relay is one relay of a relay board.
type Relay struct {
	Bank   int // 1 to MaxBank
	Number int // 1 to MaxNumber
}

// String gives "bank1:relay3", the tail of an Address.
func (r Relay) String() string { return fmt.Sprintf("bank%d:relay%d", r.Bank, r.Number) }

// Validate reports a bank or number that no relay board has.
func (r Relay) Validate() error {
	if r.Bank < 1 || r.Bank > MaxBank {
		return fmt.Errorf("bank %d: relay boards have banks 1 to %d", r.Bank, MaxBank)
	}
	if r.Number < 1 || r.Number > MaxNumber {
		return fmt.Errorf("relay %d: a bank has relays 1 to %d", r.Number, MaxNumber)
	}
	return nil
}

// Address says where a relay is: the relay board's host and port, and the
// relay on it.
type Address struct {
	Host string // name, IPv4, or IPv6 without brackets
	Port int    // 1 to 65535
	Relay
}

// ParseAddress reads "host[:port]:bankN:relayM". IPv6 hosts stand in brackets.
// It is strict: no spaces, no signs, no leading zeros. Its errors quote the
// text and say how to write it.
func ParseAddress(text string) (Address, error) {
	a, err := parseAddress(text)
	if err != nil {
		return Address{}, fmt.Errorf("relay address %q: %w; %s", text, err, addressForm)
	}
	return a, nil
}

func parseAddress(text string) (Address, error) {
	rest, number, ok := cutLast(text)
	if !ok {
		return Address{}, errors.New("no bank and relay")
	}
	hostPort, bank, ok := cutLast(rest)
	if !ok {
		return Address{}, errors.New("no host before bank and relay")
	}
	var a Address
	var err error
	if a.Bank, err = numbered("bank", bank); err != nil {
		return a, err
	}
	if a.Number, err = numbered("relay", number); err != nil {
		return a, err
	}
	if err := a.Validate(); err != nil {
		return a, err
	}
	a.Host, a.Port, err = splitHostPort(hostPort)
	return a, err
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func numbered(word, s string) (int, error) {
	digits, ok := strings.CutPrefix(s, word)
	if !ok {
		return 0, fmt.Errorf("%q where %sN belongs", s, word)
	}
	n, err := decimal(digits)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, err)
	}
	return n, nil
}

// decimal reads what strconv writes and nothing else, so that one relay has
// one spelling and duplicates are found by comparing.
func decimal(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("%q is not a plain number", s)
	}
	return n, nil
}

func splitHostPort(s string) (string, int, error) {
	host, port := s, ""
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, errors.New("no ] after the IPv6 address")
		}
		host, port = s[1:end], s[end+1:]
		if ip := net.ParseIP(host); ip == nil || !strings.Contains(host, ":") {
			return "", 0, fmt.Errorf("%q in brackets is not an IPv6 address", host)
		}
	case strings.Contains(s, ":"):
		i := strings.IndexByte(s, ':')
		host, port = s[:i], s[i:]
	}
	if err := checkHost(host); err != nil {
		return "", 0, err
	}
	if port == "" {
		return host, DefaultPort, nil
	}
	n, err := decimal(strings.TrimPrefix(port, ":"))
	if err != nil || port[0] != ':' || n < 1 || n > 65535 {
		return "", 0, fmt.Errorf("port %q is not 1 to 65535", strings.TrimPrefix(port, ":"))
	}
	return host, n, nil
}

func checkHost(host string) error {
	if host == "" {
		return errors.New("no host")
	}
	for _, c := range host {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '.' || c == '-' || c == '_' || c == ':'
		if !ok {
			return fmt.Errorf("host %q has the character %q", host, c)
		}
	}
	return nil
}

// HostPort gives "host:port" as the net package dials it: the key under which
// one relay board takes one connection at a time.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// String gives the address in full, the port included, so that ParseAddress
// reads it back as the same Address.
func (a Address) String() string { return a.HostPort() + ":" + a.Relay.String() }
