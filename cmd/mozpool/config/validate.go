package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"time"

	"mozpool/persistence/strictyaml"
)

// safeName is what servers and racks may be called: such names go into URLs,
// folders, metrics and host names.
var safeName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$`)

const safeNameRemedy = "use letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63"

// validator gathers problems of one configuration.
type validator struct {
	doc      *strictyaml.Document
	problems strictyaml.Problems
	bound    []listener // sockets seen so far, to find one asked for twice
}

// Validate reports everything that is impossible about c; doc, from decoding
// it, gives the lines. It looks at no address of the machine.
func (c *Config) Validate(doc *strictyaml.Document) strictyaml.Problems {
	v := &validator{doc: doc}
	if !safeName.MatchString(c.Server) {
		v.add(fmt.Sprintf("%q cannot be a server's name", c.Server), safeNameRemedy, "server")
	}
	for key, path := range map[string]string{"data": c.Data, "files": c.Files, "boards": c.Boards, "images": c.Images} {
		if path == "" {
			v.add("is empty", "write a path or remove the line", key)
		}
	}
	if c.Data != "" && c.Data == c.Files {
		v.add("is the same folder as data", "files is only read, data is written: use two folders", "files")
	}
	v.api(c)
	v.webhooks(c)
	v.traces(c.Traces)
	v.relays(c.Relays)
	v.cluster(c.Cluster)
	v.crashDumps(c.CrashDumps)
	v.store(c.Store)
	v.inventory(c)
	for _, name := range slices.Sorted(maps.Keys(c.Racks)) {
		v.rack(c, name, c.Racks[name])
	}
	v.problems.Sort()
	return v.problems
}

func (v *validator) add(what, remedy string, path ...string) {
	v.problems.Add(v.doc.Problem(what, remedy, path...))
}

func (v *validator) relays(r Relays) {
	for _, n := range []struct {
		key string
		n   int
	}{{"sessions", r.Sessions}, {"boards", r.Boards}} {
		if n.n < 1 || n.n > 100 {
			v.add(fmt.Sprintf("%d is not between 1 and 100", n.n), "leave it out for the default", "relays", n.key)
		}
	}
	if w := r.Window.Std(); w < time.Second || w > time.Hour {
		v.add(fmt.Sprintf("%s is not between 1s and 1h", r.Window), "30s is the default", "relays", "window")
	}
	if t := r.Test.Std(); t != 0 && t < 10*time.Second {
		v.add(fmt.Sprintf("%s is too often: a relay board is deaf for a second after each", r.Test), "10s at least; 0 = never", "relays", "test")
	}
}

// leastDump is what even an empty dump counts for.
const leastDump = 4 << 10

func (v *validator) crashDumps(d CrashDumps) {
	switch {
	case d.PerBoard == 0:
	case d.PerBoard < leastDump:
		v.add(fmt.Sprintf("%s has no room for a dump", d.PerBoard), "256MiB is usual; 0 takes none", "crash_dumps", "per_board")
	case d.File < leastDump:
		v.add(fmt.Sprintf("%s has no room for a dump", d.File), "64MiB is the default", "crash_dumps", "file")
	case d.File > d.PerBoard:
		v.add(fmt.Sprintf("%s for one dump is more than the %s that a board may keep", d.File, d.PerBoard), "raise per_board, or lower file", "crash_dumps")
	}
}

func (v *validator) store(s Store) {
	if k := s.KeepUnused.Std(); k != 0 && k < time.Hour {
		v.add(fmt.Sprintf("%s is shorter than the hour that every file stays", s.KeepUnused), "168h is the default; 0 = until somebody prunes", "store", "keep_unused")
	}
}

func (v *validator) api(c *Config) {
	const beyond = "listens beyond loopback, where anybody could switch boards, and there is no tokens file"
	host := v.hostPort(c.API.Listen, "api", "listen")
	if host != "" && !isLoopback(host) && c.API.Tokens == "" {
		v.add(beyond, "set api.tokens, or listen on 127.0.0.1", "api", "listen")
	}
	if (c.API.Cert == "") != (c.API.Key == "") {
		v.add("one of cert and key is there, the other is not", "set both, or none", "api")
	}
	if c.OldAPI.Listen == "" {
		if len(c.OldAPI.Allow) > 0 {
			v.add("allows networks, but old_api.listen is empty", "set old_api.listen, or remove the networks", "old_api", "allow")
		}
		return
	}
	v.hostPort(c.OldAPI.Listen, "old_api", "listen")
}

// hostPort checks a host:port and returns the host.
func (v *validator) hostPort(listen string, path ...string) string {
	host, port, err := net.SplitHostPort(listen)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || host == "" {
		v.add(fmt.Sprintf("%q is no listen address", listen),
			"write host:port such as 127.0.0.1:8080; port 0 is any free one, 0.0.0.0 is every address", path...)
		return ""
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		v.listener("tcp", addr, uint16(n), path...)
	} else if host == "localhost" {
		v.listener("tcp", netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(n), path...)
	}
	return host
}

func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return host == "localhost"
}

func (v *validator) rack(c *Config, name string, r Rack) {
	path := func(keys ...string) []string { return append([]string{"racks", name}, keys...) }
	if !safeName.MatchString(name) {
		v.add("cannot be a rack's name", safeNameRemedy, path()...)
	}
	v.servers(c.Server, name, r.Servers)
	if r.BootsAtOnce < 1 || r.BootsAtOnce > 10000 {
		v.add(fmt.Sprintf("%d is not between 1 and 10000", r.BootsAtOnce), "16 is the default", path("boots_at_once")...)
	}
	if every := r.Health.Every.Std(); every > 0 && every < minHealth {
		v.add(fmt.Sprintf("%s is too often", r.Health.Every), fmt.Sprintf("%s at least; 0 = never", minHealth), path("health", "every")...)
	}
	if gap := r.PowerOnGap.Std(); gap > maxGap {
		v.add(fmt.Sprintf("%s is too long: a chassis would never be on", r.PowerOnGap), fmt.Sprintf("%s at most", maxGap), path("power_on_gap")...)
	}
	if !r.Listen.IsValid() {
		v.add("has no listen address", "set listen to this server's address in the rack's VLAN", path("listen")...)
		return
	}
	if r.ServiceAddress.Prefix.IsValid() && r.ServiceAddress.Prefix.Addr().Is4() != r.Listen.Unmap().Is4() {
		v.add("is not of the same family as listen", "use IPv4 for both, or IPv6 for both", path("service_address")...)
	}
	if r.Listen.IsUnspecified() && !r.ServiceAddress.Prefix.IsValid() {
		v.add("boards cannot be told to come to "+r.Listen.String(), "name this server's address in the rack's VLAN, or set service_address", path("listen")...)
	}
	v.listener("tcp", r.Listen.Addr, r.Ports.HTTP, path("ports", "http")...)
	v.listener("udp", r.Listen.Addr, r.Ports.TFTP, path("ports", "tftp")...)
	v.listener("udp", r.Listen.Addr, r.Ports.Syslog, path("ports", "syslog")...)
}

// servers checks the list of servers of a rack.
func (v *validator) servers(self, rack string, servers []string) {
	for i, s := range servers {
		at := []string{"racks", rack, "servers", strconv.Itoa(i)}
		if !safeName.MatchString(s) {
			v.add(fmt.Sprintf("%q cannot be a server's name", s), safeNameRemedy, at...)
		}
		if slices.Index(servers, s) < i {
			v.add(fmt.Sprintf("%s is listed twice", s), "remove one of the two", at...)
		}
	}
	if !slices.Contains(servers, self) {
		v.add(fmt.Sprintf("this server, %s, is not among those that may serve rack %s", self, rack),
			"add it, or remove the rack from this server's file", "racks", rack, "servers")
	}
}
