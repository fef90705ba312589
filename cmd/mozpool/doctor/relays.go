package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"mozpool/actors/inventory"
	"mozpool/relayproto/power"
)

const (
	relayLimit = 10 * time.Second // a relay board that was just used is deaf for a second, and may be asked by turns
	nameLimit  = 5 * time.Second
	slowName   = time.Second
)

// devices are what switches the boards' power, each once, with the line of the first board on it. Lines that cannot be
// read are the inventory's to complain of.
func devices(boards []inventory.Spec) (out []power.Spec) {
	seen := map[string]bool{}
	for _, b := range boards {
		spec, err := power.Parse(b.Power)
		if err != nil || spec.Kind == power.Manual || seen[spec.Key()] {
			continue
		}
		seen[spec.Key()] = true
		out = append(out, spec)
	}
	return out
}

// names looks up the relay boards that are known by a name: when DNS is away, so is all power control.
func names(ctx context.Context, s *Site) []Finding {
	var out []Finding
	seen := map[string]bool{}
	for _, d := range devices(s.Boards) {
		host := d.Relay.Host
		if d.Kind != power.ProXR || seen[host] {
			continue
		}
		seen[host] = true
		if _, err := netip.ParseAddr(host); err == nil {
			continue
		}
		out = append(out, judgeName(ctx, host))
	}
	return out
}

func judgeName(ctx context.Context, host string) Finding {
	const check = "dns"
	ctx, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	began := time.Now()
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	switch took := time.Since(began); {
	case err != nil:
		return red(check, host, "is not found: "+err.Error(), "write the relay board's address in boards.yaml, or the name into /etc/hosts")
	case took > slowName:
		return amber(check, host, fmt.Sprintf("takes %v to look up, each time a board is switched", took.Round(time.Millisecond)), "write the address in boards.yaml, or the name into /etc/hosts")
	default:
		return green(check, host, "is "+found[0])
	}
}

// relays asks each relay board for a sign of life; no relay moves. A running server asks itself, for a relay board takes
// one connection at a time.
func relays(ctx context.Context, s *Site) []Finding {
	if s.Server != nil {
		return askedOfServer(ctx, s.Server)
	}
	var out []Finding
	for _, d := range devices(s.Boards) {
		out = append(out, judgeRelay(d.Key(), testRelay(ctx, d)))
	}
	return out
}

func askedOfServer(ctx context.Context, server Server) []Finding {
	const check = "relay"
	all, err := server.Relays(ctx)
	if err != nil {
		return []Finding{amber(check, "", "the server does not tell its relay boards: "+err.Error(), "give --token, if it asks for one")}
	}
	var out []Finding
	for _, r := range all {
		_, err := server.TestRelay(ctx, r.Name)
		out = append(out, judgeRelay(r.Name, err))
	}
	return out
}

func testRelay(ctx context.Context, d power.Spec) error {
	ctx, cancel := context.WithTimeout(ctx, relayLimit)
	defer cancel()
	session, err := power.Open(ctx, d, power.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }() // no relay was moved
	_, err = session.Test()
	return err
}

func judgeRelay(name string, err error) Finding {
	const check = "relay"
	if err != nil {
		return red(check, name, "does not answer: "+err.Error(), "look at its power, its network, and who else holds its only connection")
	}
	return green(check, name, "answers")
}
