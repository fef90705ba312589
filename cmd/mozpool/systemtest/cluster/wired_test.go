package cluster

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/systemtest/wire"
)

// wired is a cluster whose servers have a network between them that a test can harm.
type wired struct {
	*world
	net  *wire.Net
	late int // commands that came late, and may have: one of a process frozen between its look at the lease and the write
}

// faultSpeed is slow, since servers' limits are faster with it as well: a board that is not heard for two minutes while it
// writes is cut, rightly, and those must be longer than two take-overs in a row.
const faultSpeed = 8

// newWired starts one. Relay boards, boards and whoever asks are at the end of the network that is no server.
func newWired(t *testing.T) *wired {
	t.Helper()
	net, err := wire.New(servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	site := &several.Site{Rack: wire.Address(wire.Outside).String(), Boards: wire.Boards,
		Start: func(server int, c *exec.Cmd) error { return net.Start(server+1, c) }}
	for i := range servers {
		site.Servers = append(site.Servers, wire.Address(i+1).String())
	}
	return &wired{world: newWorld(t, site, faultSpeed), net: net}
}

// end is where a server is in the network.
func (w *wired) end(p *several.Process) int { return slices.Index(w.Servers, p) + 1 }

// deaf cuts what others send to a server; mute cuts what it sends to them.
func (w *wired) deaf(p *several.Process) { w.oneWay(p, true) }

func (w *wired) mute(p *several.Process) { w.oneWay(p, false) }

func (w *wired) oneWay(p *several.Process, in bool) {
	for _, other := range w.Servers {
		switch {
		case other == p:
		case in:
			w.net.OneWay(w.end(other), w.end(p), wire.Fault{Cut: true})
		default:
			w.net.OneWay(w.end(p), w.end(other), wire.Fault{Cut: true})
		}
	}
}

// One network suffers it all: the owner of a rack is cut off from the majority, one way and the other way, a connection
// comes and goes, and all of it is slow and loses frames. Boards and relay boards are reached all the time, which is the
// worst for two servers that both think that they own them.
func TestNetworkFaults(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") != "1" {
		t.Skip("takes a minute: set MOZPOOL_E2E=1 (make e2e) to run it")
	}
	if !wire.Inside(t) {
		return
	}
	w := newWired(t)
	for _, fault := range []struct {
		name string
		harm func(*several.Process)
	}{
		{"cut off", func(p *several.Process) { w.net.Servers(w.end(p), wire.Fault{Cut: true}) }},
		{"mute", w.mute},
		{"deaf", w.deaf},
	} {
		w.imaging(3)
		owner := w.holder("r2")
		fault.harm(owner)
		w.until("the rack of a server that is "+fault.name+" to change hands", func() bool { return w.Holder("r2") != owner })
		w.net.Heal()
		w.allReady()
	}
	w.imaging(3)
	w.flap(w.holder("r1"), 8)
	w.allReady()
	for i := range servers {
		w.net.Servers(i+1, wire.Fault{Delay: 20 * time.Millisecond, Loss: 0.05})
	}
	w.imaging(3)
	w.allReady()
	w.net.Heal()
	w.judge()
	w.judgeHands()
}

// flap cuts a server off and on again, so many times.
func (w *wired) flap(p *several.Process, times int) {
	for range times {
		w.net.Servers(w.end(p), wire.Fault{Cut: true})
		<-time.After(700 * time.Millisecond)
		w.net.Heal()
		<-time.After(700 * time.Millisecond)
	}
}

// judgeHands: relay boards know who speaks; who ran which epoch is in the servers' logs.
func (w *wired) judgeHands() {
	w.t.Helper()
	owners, commands := w.owners(), 0
	for _, r := range w.Racks {
		for _, relays := range r.Relays {
			var speakers []string
			for _, entry := range relays.Journal() {
				speakers = append(speakers, w.named(entry.From))
			}
			commands += len(speakers)
			if n, late := strangers(owners[r.Name], speakers); late > w.late {
				w.t.Errorf("rack %s: command %d of %d to its relays is by %s, and %d in all are late; owners were %q in turn", r.Name, n, len(speakers), speakers[n], late, owners[r.Name])
			}
		}
	}
	if commands < boards {
		w.t.Errorf("relay boards had %d commands, fewer than there are boards", commands)
	}
}

// strangers counts commands to a relay board by servers that did not own it then, and says which was the last: whoever
// speaks must have owned it, and not before the one who spoke last.
func strangers(owners, speakers []string) (last, late int) {
	epoch := 0
	for i, from := range speakers {
		if next := slices.Index(owners[epoch:], from); next >= 0 {
			epoch += next
		} else {
			last, late = i, late+1
		}
	}
	return last, late
}

// The judge of hands says no to what must never be: it is shown to.
func TestStrangers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		owners, speakers string
		late             int
	}{
		{"a", "aaa", 0},
		{"aba", "aabba", 0},
		{"abc", "aac", 0}, // b had nothing to say
		{"ab", "aba", 1},
		{"ab", "abab", 1},
		{"abc", "acbb", 2},
		{"ab", "ac", 1},
		{"", "a", 1},
	} {
		if _, late := strangers(strings.Split(test.owners, ""), strings.Split(test.speakers, "")); late != test.late {
			t.Errorf("owners %q, speakers %q: %d are late, want %d", test.owners, test.speakers, late, test.late)
		}
	}
}

// named is the server at an address.
func (w *wired) named(address string) string {
	for _, p := range w.Servers {
		if wire.Address(w.end(p)).String() == address {
			return p.Name
		}
	}
	return address
}
