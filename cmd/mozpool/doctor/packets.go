package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"mozpool/relayproto/power"
)

const (
	ethernet   = 1500        // bytes of a whole packet, which loaders count on: U-Boot asks for blocks of 1468
	leastIP    = 576         // what every path carries (RFC 791)
	overPing   = 20 + 8      // headers of IPv4 and ICMP
	overTFTP   = 20 + 8 + 4  // headers of IPv4, UDP and TFTP
	neighbours = 3           // of a rack, that are pinged
	pingWait   = time.Second // for one answer, from next door
)

// packets looks how large packets in a rack's network can be: a smaller path in the middle swallows TFTP blocks silently.
func packets(ctx context.Context, s *Site) []Finding {
	const check = "mtu"
	var out []Finding
	for _, name := range racksOf(s) {
		i := wired(s.Config.Racks[name])
		if i == nil {
			continue // ports says so, if it is wrong
		}
		if i.MTU < ethernet {
			out = append(out, amber(check, name, fmt.Sprintf("%s carries packets of %d bytes only; loaders are offered blocks of %d", i.Name, i.MTU, i.MTU-overTFTP),
				fmt.Sprintf("ip link set %s mtu %d", i.Name, ethernet)))
		}
		out = append(out, paths(ctx, s, name, i))
	}
	return out
}

// paths pings what answers in a rack with the largest packet, unfragmented.
func paths(ctx context.Context, s *Site, rack string, i *net.Interface) Finding {
	const check = "mtu"
	answered := 0
	for n, to := range peers(ctx, s, rack) {
		if answered == neighbours || ctx.Err() != nil {
			break
		}
		if !ping(ctx, to, leastIP) && (n > 0 || !ping(ctx, to, leastIP)) { // the first is a relay board, always on: one packet may be lost
			continue
		}
		answered++
		if passes := largest(ctx, to, i.MTU); passes < i.MTU {
			return red(check, rack, fmt.Sprintf("packets to %s pass up to %d bytes, but %s sends %d: a TFTP block over %d never arrives", to, passes, i.Name, i.MTU, passes-overTFTP),
				fmt.Sprintf("set the MTU of %s and of all switches and bridges between alike", i.Name))
		}
	}
	if answered == 0 {
		return amber(check, rack, "nobody in the rack answers pings, so that the path was not tried", "switch a board on, or allow pings (net.ipv4.ping_group_range, or CAP_NET_RAW)")
	}
	return green(check, rack, fmt.Sprintf("packets of %d bytes pass: blocks of %d", i.MTU, i.MTU-overTFTP))
}

// peers are the addresses of a rack's relay boards, which are always on, then of its boards.
func peers(ctx context.Context, s *Site, rack string) []netip.Addr {
	var relays, boards []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, b := range s.Boards {
		if b.Rack != rack {
			continue
		}
		if b.Address.IsValid() {
			boards = append(boards, b.Address)
		}
		spec, err := power.Parse(b.Power)
		if err != nil || spec.Kind != power.ProXR {
			continue
		}
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", spec.Relay.Host)
		if err == nil && len(found) > 0 && !seen[found[0]] {
			seen[found[0]] = true
			relays = append(relays, found[0].Unmap())
		}
	}
	return append(relays, boards[:min(len(boards), 8*neighbours)]...)
}

// largest is the size of packet, up to most, that passes; the least one is known to.
func largest(ctx context.Context, to netip.Addr, most int) int {
	for range 2 { // one may be lost by chance
		if ping(ctx, to, most) {
			return most
		}
	}
	low, high := leastIP, most // low passes, high does not
	for high-low > 1 && ctx.Err() == nil {
		if middle := (low + high) / 2; ping(ctx, to, middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// ping says whether a packet of so many bytes, headers included, is answered; it is never cut into pieces on its way.
func ping(ctx context.Context, to netip.Addr, size int) bool {
	for _, raw := range []bool{false, true} {
		p := probing.New(to.String())
		p.SetPrivileged(raw)
		p.SetDoNotFragment(true)
		p.Count, p.Timeout, p.Size, p.RecordRtts = 1, pingWait, size-overPing, false
		if err := p.RunWithContext(ctx); err == nil {
			return p.Statistics().PacketsRecv > 0
		}
	}
	return false
}
