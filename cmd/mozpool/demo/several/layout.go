package several

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"mozpool/cluster/member"
	"mozpool/httpapi/access"
	"mozpool/netboot/boardsim"
)

// ports are where one server listens for one rack.
type ports struct{ http, tftp, syslog uint16 }

// loopback is where all is, and where free ports are looked for.
const loopback = "127.0.0.1"

// Site is where servers and racks are, if not all on loopback.
type Site struct {
	Servers []string   // address of each
	Rack    string     // of relay boards
	Boards  netip.Addr // of board 0; others count up
	// Service is, by rack from 1, a service address that the rack's holder adds to an interface: ADDRESS/BITS@INTERFACE.
	// The rack's boards know no other, and are helped to no other. Servers must not share their addresses' ports.
	Service map[int]string
	// Start starts the process of a server, from 0, where its address is.
	Start func(server int, c *exec.Cmd) error
}

// onLoopback is the site of those who name none.
func onLoopback(servers int) *Site {
	return &Site{Servers: slices.Repeat([]string{loopback}, servers), Rack: loopback, Boards: boardsim.DefaultBase,
		Start: func(_ int, c *exec.Cmd) error { return c.Start() }}
}

// layOut decides who serves what where, and makes relay boards.
func (c *Cluster) layOut() error {
	f := &finder{}
	defer f.release()
	first := 1
	for i := range c.o.Racks {
		r := &Rack{Name: fmt.Sprint("r", i+1), first: first, size: (c.o.Boards + c.o.Racks - 1 - i) / c.o.Racks, byURL: i+1 == c.o.ByURL, service: c.o.Site.Service[i+1]}
		r.where = func() (netip.AddrPort, int) { return c.seat(r) }
		if err := r.serve(f); err != nil {
			return err
		}
		first += r.size
		c.Racks = append(c.Racks, r)
		if err := r.plugRelays(c.o.Site.Rack, c.o.Speed); err != nil {
			return err
		}
	}
	var gossip []string
	sections := make([]string, c.o.Servers)
	for i := range c.o.Servers {
		host := c.o.Site.Servers[i]
		p := &Process{Name: fmt.Sprint("img", i+1), API: fmt.Sprintf("http://%s:%d", host, f.tcp()), log: c.o.Log, env: c.o.Env, ports: make(map[string]ports),
			host: netip.MustParseAddr(host), start: func(cmd *exec.Cmd) error { return c.o.Site.Start(i, cmd) }}
		p.Config, p.path = c.path(p.Name, "mozpool.yaml"), c.path(p.Name, "log")
		if c.o.Data != nil {
			p.data = c.o.Data[i]
		}
		p.args = []string{c.o.Program, "serve", "--config", p.Config, "--speed", strconv.FormatFloat(c.o.Speed, 'g', -1, 64)}
		for _, r := range c.Racks {
			if p.ports[r.Name] = r.ports; r.service == "" {
				p.ports[r.Name] = f.ports()
			}
		}
		gossip = append(gossip, fmt.Sprintf("%s:%d", host, f.both()))
		sections[i] = fmt.Sprintf(`{id: demo, gossip: "%s", streams: "%s:%d", expect: %d, keys: ../keys/%s, join: [`, gossip[i], host, f.tcp(), c.o.Servers, p.Name)
		c.Servers = append(c.Servers, p)
	}
	if err := f.err; err != nil {
		return fmt.Errorf("find free ports: %w", err)
	}
	var names []string
	for i, p := range c.Servers {
		names = append(names, p.Name)
		sections[i] += `"` + strings.Join(gossip, `", "`) + `"]}`
	}
	if _, err := member.MakeIdentities(c.path("keys"), "demo", names); err != nil {
		return err
	}
	return c.writeConfigs(sections)
}

// seat is where the boards of a rack reach its holder: what a service address would be.
func (c *Cluster) seat(r *Rack) (netip.AddrPort, int) {
	p := c.Holder(r.Name)
	if p == nil {
		p = c.Servers[0]
	}
	at := p.ports[r.Name]
	return netip.AddrPortFrom(p.host, at.tftp), int(at.http)
}

// serve gives a rack with a service address the ports that all servers have there: boards find them whoever holds it.
func (r *Rack) serve(f *finder) error {
	if r.service == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(strings.Split(r.service, "@")[0])
	if err != nil {
		return fmt.Errorf("service address of rack %s: %w", r.Name, err)
	}
	r.ports = f.ports()
	r.where = func() (netip.AddrPort, int) {
		return netip.AddrPortFrom(prefix.Addr(), r.ports.tftp), int(r.ports.http)
	}
	return nil
}

// writeConfigs writes each server's file. The first rack prefers the first server, the second the second.
func (c *Cluster) writeConfigs(clusters []string) error {
	tokens, err := c.writeTokens()
	if err != nil {
		return err
	}
	for i, p := range c.Servers {
		var out strings.Builder
		fmt.Fprintf(&out, "server: %s\ndata: %s\nfiles: files\n%s\nimages: ../images.yaml\napi: {listen: \"%s\"%s}\ncluster: %s\nracks:\n",
			p.Name, cmp.Or(p.data, "data"), c.boardsKey(), strings.TrimPrefix(p.API, "http://"), tokens, clusters[i])
		for k, r := range c.Racks {
			var order []string
			for n := range c.Servers {
				order = append(order, c.Servers[(k+n)%len(c.Servers)].Name)
			}
			if k < len(c.o.Few) && c.o.Few[k] > 0 {
				order = order[:min(c.o.Few[k], len(order))]
			}
			if !slices.Contains(order, p.Name) {
				continue
			}
			at := p.ports[r.Name]
			listen := p.host.String()
			if r.service != "" {
				listen = fmt.Sprintf("0.0.0.0, service_address: %q", r.service)
			}
			fmt.Fprintf(&out, "  %s: {servers: [%s], listen: %s, ports: {http: %d, tftp: %d, syslog: %d}}\n", r.Name, strings.Join(order, ", "), listen, at.http, at.tftp, at.syslog)
		}
		if err := write(p.Config, []byte(out.String())); err != nil {
			return err
		}
	}
	return nil
}

// boardsKey says where the boards come from.
func (c *Cluster) boardsKey() string {
	if c.o.Inventory {
		return "inventory: {sources: [{name: site, file: ../boards.yaml}]}"
	}
	return "boards: ../boards.yaml"
}

// List lists more boards than there are in the racks, a line of the boards file for each. Servers follow it by themselves
// if they have the boards from the inventory.
func (c *Cluster) List(more ...string) error {
	text := append(c.boardsText(), strings.Join(more, "\n")...)
	return write(c.path("boards.yaml"), text)
}

// writeTokens makes the token without which nobody may listen beyond loopback, and tells where servers find it.
func (c *Cluster) writeTokens() (text string, err error) {
	if c.o.Site.Rack == loopback {
		return "", nil
	}
	secret, token := access.Create(access.Token{Name: "demo", Role: access.Admin})
	for _, p := range c.Servers {
		p.token = secret
	}
	return ", tokens: ../tokens", access.Save(c.path("tokens"), []access.Token{token})
}

// boardsText is the inventory of all racks.
func (c *Cluster) boardsText() []byte {
	var out strings.Builder
	out.WriteString("boards:\n")
	for _, r := range c.Racks {
		for i := range r.size {
			p, n := boardsim.PlaceOf(i, perRelayBoard), r.first+i
			fmt.Fprintf(&out, "- {name: %s, mac: %q, rack: %s, hardware: simulated, power: \"%s:bank%d:relay%d\", address: %s}\n",
				boardsim.NameOf(n), boardsim.MACOf(n), r.Name, r.Relays[p.RelayBoard].Addr(), p.Bank, p.Relay, boardsim.AddressOf(c.o.Site.Boards, n))
		}
	}
	return []byte(out.String())
}

// finder finds ports that nobody listens on. It holds them until release, so that none is found twice; a moment later
// the servers bind them.
type finder struct {
	held []interface{ Close() error }
	err  error
}

// Ports are looked for below those that systems give to whoever wants any: a server that comes back must find its own
// free.
const firstPort, portRange = 12000, 20000

func (f *finder) tcp() uint16 { return f.find(true, false) }

func (f *finder) udp() uint16 { return f.find(false, true) }

// ports are those of one server for one rack.
func (f *finder) ports() ports { return ports{f.tcp(), f.udp(), f.udp()} }

// both is a port that is free for TCP and UDP.
func (f *finder) both() uint16 { return f.find(true, true) }

func (f *finder) find(tcp, udp bool) uint16 {
	var last error
	for range 200 {
		port := firstPort + rand.N(portRange)
		address := fmt.Sprintf("%s:%d", loopback, port)
		if last = f.hold(address, tcp, udp); last == nil {
			return uint16(port)
		}
	}
	f.err = errors.Join(f.err, last)
	return 0
}

// hold listens on an address; on an error a half of it may stay held, until release.
func (f *finder) hold(address string, tcp, udp bool) error {
	if tcp {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		f.held = append(f.held, l)
	}
	if udp {
		l, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		f.held = append(f.held, l)
	}
	return nil
}

func (f *finder) release() {
	for _, h := range f.held {
		_ = h.Close() // nothing was done with it
	}
}
