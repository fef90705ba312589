package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// dhcpWait is how long offers are collected: servers may first look whether the address is free.
const dhcpWait = 3 * time.Second

// dhcp asks who gives out addresses in each rack's network. A second server sends boards somewhere else, now and then.
func dhcp(ctx context.Context, s *Site) []Finding {
	var out []Finding
	for _, name := range racksOf(s) {
		r := s.Config.Racks[name]
		i := wired(r)
		if i == nil {
			continue
		}
		offers, err := discover(ctx, i)
		if err != nil {
			out = append(out, notAsked(name, err))
			continue
		}
		out = append(out, judgeOffers(name, r.BoardAddress(), offers))
	}
	return out
}

func notAsked(rack string, err error) Finding {
	const check = "dhcp"
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return amber(check, rack, "not looked for: asking takes port 68 and CAP_NET_RAW", "run this as root, once")
	}
	return amber(check, rack, "not looked for: "+err.Error(), "stop what holds port 68, or look with: nmap --script broadcast-dhcp-discover")
}

// judgeOffers compares what was offered with the server that boards are to ask.
func judgeOffers(rack string, server netip.Addr, offers []offer) Finding {
	const check = "dhcp"
	var who []string
	var elsewhere string
	for _, o := range offers {
		who = append(who, o.server.String())
		if next := o.next; next.IsValid() && !next.IsUnspecified() && next != server && next != o.server {
			elsewhere = next.String()
		}
	}
	switch {
	case len(offers) == 0:
		return amber(check, rack, "no DHCP server answers", "start one for this VLAN; it may leave out MAC addresses that it does not know, then this is right")
	case len(offers) > 1:
		return red(check, rack, "several DHCP servers answer, and boards take the first: "+strings.Join(who, ", "), "switch off all but one; a board, a laptop or a virtual machine in the VLAN may run one")
	case elsewhere != "":
		return red(check, rack, who[0]+" sends boards to "+elsewhere+", not to "+server.String(), "set its next server: dhcp-boot=lpxelinux.0,,"+server.String()+" in dnsmasq")
	}
	return green(check, rack, "only "+who[0]+" answers")
}

// discover asks on one interface and collects the offers, one a server, in the order in which they came. No address is
// taken: offers that nobody asks for lapse.
func discover(ctx context.Context, i *net.Interface) ([]offer, error) {
	c, err := listenDHCP(ctx, i.Name)
	if err != nil {
		return nil, fmt.Errorf("open the DHCP client's port: %w", err)
	}
	defer func() { _ = c.Close() }() // nothing is left to be sent
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	id := uint32(time.Now().UnixNano())
	question := discoverPacket(id, probeMAC(id))
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: 67}
	if _, err := c.WriteTo(question, to); err != nil {
		return nil, fmt.Errorf("send the question: %w", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(dhcpWait)); err != nil {
		return nil, err
	}
	return collect(c, id)
}

// collect reads until the deadline.
func collect(c net.PacketConn, id uint32) ([]offer, error) {
	var out []offer
	seen := map[netip.Addr]bool{}
	buf := make([]byte, 1500)
	for {
		n, _, err := c.ReadFrom(buf)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("wait for offers: %w", err)
		}
		if o, ok := parseOffer(buf[:n], id); ok && !seen[o.server] {
			seen[o.server] = true
			out = append(out, o)
		}
	}
}
