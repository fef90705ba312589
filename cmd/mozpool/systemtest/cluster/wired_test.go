package cluster

import (
	"cmp"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/systemtest/wire"
)

// wired is a cluster whose servers have a network between them that a test can harm.
type wired struct {
	*world
	net   *wire.Net
	disks []string // of the servers, where they are small
	woken []woken  // servers that were frozen
}

// faultSpeed is slow, since servers' limits are faster with it as well: a board that is not heard for two minutes while it
// writes is cut, rightly, and those must be longer than two take-overs in a row.
const faultSpeed = 8

// newWired starts one. Relay boards, boards and whoever asks are at the end of the network that is no server. Boards find
// their rack's holder by its service address alone.
func newWired(t *testing.T, o several.Options) *wired {
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
		Service: make(map[int]string), Start: func(server int, c *exec.Cmd) error { return net.Start(server+1, c) }}
	for rack := 1; rack <= max(o.Racks, servers); rack++ {
		if rack != noAddress {
			site.Service[rack] = service(rack).String() + "/16@" + wire.Interface
		}
	}
	for i := range servers {
		site.Servers = append(site.Servers, wire.Address(i+1).String())
	}
	o.Site, o.Speed = site, cmp.Or(o.Speed, faultSpeed)
	return &wired{world: newWorld(t, o), net: net, disks: o.Data}
}

// service is the address by which boards of a rack, from 1, find its holder.
func service(rack int) netip.Addr { return netip.AddrFrom4([4]byte{10, 91, 1, byte(rack)}) }

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

// One network suffers it all: the owner of a rack, whose boards know its service address only, dies, is cut off from the majority, one way and the other way, a connection
// comes and goes, and all of it is slow and loses frames. Boards and relay boards are reached all the time, which is the
// worst for two servers that both think that they own them.
func TestNetworkFaults(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") != "1" {
		t.Skip("takes a minute: set MOZPOOL_E2E=1 (make e2e) to run it")
	}
	if !wire.Inside(t) {
		return
	}
	w := newWired(t, several.Options{})
	for _, fault := range []struct {
		name string
		harm func(*several.Process)
		mend func(*several.Process)
	}{
		{"killed", func(p *several.Process) { w.must(p.Kill()) }, func(p *several.Process) { w.back(p) }},
		{"cut off", func(p *several.Process) { w.net.Servers(w.end(p), wire.Fault{Cut: true}) }, w.heal},
		{"mute", w.mute, w.heal},
		{"deaf", w.deaf, w.heal},
	} {
		w.imaging(3)
		owner := w.holder("r2")
		w.addressFollows("r2", func() {
			fault.harm(owner)
			w.until("the rack of a server that is "+fault.name+" to change hands", func() bool { return w.Holder("r2") != owner })
		})
		fault.mend(owner)
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

// addressFollows has a rack change hands: whoever holds it then announces its service address, for without that its boards,
// which know no other, would ask who is gone until their own tables forget it.
func (w *wired) addressFollows(rack string, move func()) {
	w.t.Helper()
	address := service(slices.IndexFunc(w.Racks, func(r *several.Rack) bool { return r.Name == rack }) + 1)
	before := make([]int, servers+1)
	for end := range before {
		before[end] = w.net.Announced(end, address)
	}
	move()
	w.until("the next holder to announce the address of "+rack, func() bool {
		end := w.end(w.holder(rack))
		return w.net.Announced(end, address) > before[end]
	})
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
