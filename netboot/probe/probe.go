// Package probe looks whether an image that was put on a board runs: by ping, TCP or HTTP.
//
// It decides what counts as an answer, and looks once; how long an answer has to hold, and what follows from it, the
// board's actor decides. It refuses the kinds of proof that nobody can look for (loader, callback, none). The boot loader
// answers pings too, so a ping proves little before the loader has fallen through to the card.
package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"mozpool/actors"
	"mozpool/actors/board"
)

// maxSaid is how much of what a board says is looked at, in bytes.
const maxSaid = 4 << 10

// Look looks once whether the board at addr answers as check asks; nil: it does. The error says what was seen instead.
func Look(ctx context.Context, addr netip.Addr, check actors.Check) error {
	if !addr.IsValid() && !strings.HasPrefix(check.URL, "http") {
		return errors.New("the board's address is not known; give it in the inventory, or let its loader ask once")
	}
	switch check.Kind {
	case board.VerifyPing:
		return ping(ctx, addr)
	case board.VerifyTCP:
		return tcp(ctx, addr, check)
	case board.VerifyHTTP:
		return get(ctx, addr, check)
	default:
		return fmt.Errorf("nothing can be looked for to verify by %q", check.Kind)
	}
}

// ping tries a datagram ICMP socket, which needs no privilege where net.ipv4.ping_group_range allows it, then a raw one.
func ping(ctx context.Context, addr netip.Addr) error {
	var errs []error
	for _, raw := range []bool{false, true} {
		p := probing.New(addr.String())
		p.SetPrivileged(raw)
		p.Count, p.Timeout, p.RecordRtts = 1, 2*time.Second, false
		err := p.RunWithContext(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			errs = append(errs, err)
			continue
		case p.Statistics().PacketsRecv > 0:
			return nil
		}
		return fmt.Errorf("%s does not answer pings", addr)
	}
	return fmt.Errorf("ping is not permitted: allow this group in net.ipv4.ping_group_range, or give CAP_NET_RAW: %w", errors.Join(errs...))
}

func tcp(ctx context.Context, addr netip.Addr, check actors.Check) error {
	to := net.JoinHostPort(addr.String(), strconv.Itoa(int(check.Port)))
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return fmt.Errorf("TCP: %w", err)
	}
	defer func() { _ = conn.Close() }() // was only read
	if check.Expect == "" {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) }) // long ago: ends the read
	defer stop()
	return expect(bufio.NewReader(io.LimitReader(conn, maxSaid)), to, check.Expect)
}

// expect reads until the text was said.
func expect(r *bufio.Reader, from, text string) error {
	var said strings.Builder
	for {
		b, err := r.ReadByte()
		if err != nil {
			return fmt.Errorf("TCP %s said %.80q, not %q", from, said.String(), text)
		}
		said.WriteByte(b)
		if strings.HasSuffix(said.String(), text) {
			return nil
		}
	}
}

// client keeps no connections, so that each look is a new one, and follows nobody: a redirect is the board's answer.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func get(ctx context.Context, addr netip.Addr, check actors.Check) error {
	url := check.URL
	if strings.HasPrefix(url, ":") || strings.HasPrefix(url, "/") {
		url = "http://" + hostOf(addr) + url
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("HTTP: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("HTTP: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // its text is not used
	want := check.Status
	if want == 0 {
		want = http.StatusOK
	}
	if res.StatusCode != want {
		return fmt.Errorf("HTTP %s answered %d, not %d", url, res.StatusCode, want)
	}
	return nil
}

func hostOf(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
