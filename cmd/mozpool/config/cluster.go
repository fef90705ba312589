package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Cluster says with which other servers this one serves the racks.
type Cluster struct {
	// ID is the cluster's name, the same on all its servers. Default: empty,
	// this server is by itself and opens no port for others.
	ID string `yaml:"id"`
	// Gossip is host:port where servers find each other, UDP and TCP; the host
	// is an address that the others reach. Required in a cluster.
	Gossip string `yaml:"gossip"`
	// Streams is host:port of the journal and of questions between servers,
	// TCP with mutual TLS; the host is an address that the others reach.
	// Required in a cluster.
	Streams string `yaml:"streams"`
	// Join are host:port of other servers' gossip, to find the cluster by.
	// This server's own may be among them, so that all files say the same.
	Join []string `yaml:"join"`
	// Expect is how many new servers begin a new cluster together. Default: 0,
	// this server joins one that is there, or has boards already and is joined.
	Expect int `yaml:"expect"`
	// Keys is the folder that "mozpool cluster certs" made for this server.
	// Required in a cluster.
	Keys string `yaml:"keys"`
}

// Enabled tells whether this server is one of several.
func (c Cluster) Enabled() bool { return c.ID != "" }

const maxExpect = 100

func (v *validator) cluster(c Cluster) {
	if !c.Enabled() {
		if c.Gossip != "" || c.Streams != "" || len(c.Join) > 0 || c.Expect != 0 || c.Keys != "" {
			v.add("has no id", "name the cluster, the same on all its servers, or remove the section", "cluster")
		}
		return
	}
	if !safeName.MatchString(c.ID) {
		v.add(fmt.Sprintf("%q cannot be a cluster's name", c.ID), safeNameRemedy, "cluster", "id")
	}
	if c.Keys == "" {
		v.add("names no folder of keys", `make one with "mozpool cluster certs" and set cluster.keys`, "cluster")
	}
	if c.Expect < 0 || c.Expect > maxExpect {
		v.add(fmt.Sprintf("%d is not between 0 and %d", c.Expect, maxExpect), "3 for a new cluster of three, 0 to join one", "cluster", "expect")
	}
	v.reachable(c.Gossip, "gossip", "udp", "tcp")
	v.reachable(c.Streams, "streams", "tcp")
	for i, seed := range c.Join {
		if _, err := netip.ParseAddrPort(seed); err != nil && !strings.Contains(seed, ":") {
			v.add(fmt.Sprintf("%q is no address of a server's gossip", seed), "write host:port, as in that server's cluster.gossip", "cluster", "join", strconv.Itoa(i))
		}
	}
}

// reachable checks an address of this server that others connect to.
func (v *validator) reachable(listen, key string, networks ...string) {
	a, err := netip.ParseAddrPort(listen)
	if err != nil || a.Addr().IsUnspecified() || a.Port() == 0 {
		v.add(fmt.Sprintf("%q is no address that other servers can reach", listen), "write ADDRESS:PORT of this server, such as 10.90.0.1:7946", "cluster", key)
		return
	}
	for _, network := range networks {
		v.listener(network, a.Addr(), a.Port(), "cluster", key)
	}
}
