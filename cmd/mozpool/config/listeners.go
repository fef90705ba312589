package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

const (
	minHealth = 10 * time.Second // a ping of each board more often is a flood in a full rack
	maxGap    = 10 * time.Second // a relay board's connection is not held longer for one relay
)

// listener is one socket that the configuration asks for.
type listener struct {
	network string // tcp or udp
	addr    netip.Addr
	port    uint16
	key     string // the key that asks for it
}

// listener notes a socket and reports one that an earlier key asks for as well.
// Port 0, any free one, never collides.
func (v *validator) listener(network string, addr netip.Addr, port uint16, path ...string) {
	if port == 0 {
		return
	}
	l := listener{network, addr.Unmap(), port, strings.Join(path, ".")}
	for _, other := range v.bound {
		if l.collides(other) {
			v.add(fmt.Sprintf("%s port %d of %s is already that of %s", network, port, addr, other.key), "choose another port or address", path...)
			return
		}
	}
	v.bound = append(v.bound, l)
}

func (l listener) collides(o listener) bool {
	if l.network != o.network || l.port != o.port {
		return false
	}
	return l.addr == o.addr || l.addr.IsUnspecified() || o.addr.IsUnspecified()
}
