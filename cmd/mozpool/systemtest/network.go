package systemtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Addresses in the namespace. The API is on its loopback.
const (
	ServerAddress = "10.91.0.1"
	relayAddress  = "10.91.0.2"
	bridge        = "mzbr"
)

// boardAddress is what DHCP gives to board n, from 1.
func boardAddress(n int) string { return fmt.Sprintf("10.91.0.%d", 100+n) }

func boardMAC(n int) string { return fmt.Sprintf("52:54:00:01:00:%02x", n) }

func tapOf(n int) string { return fmt.Sprintf("mztap%d", n) }

// Network is the rack's VLAN: a bridge with the server's address, a tap a board,
// and a DHCP server that knows each board by its MAC.
type Network struct {
	t    testing.TB
	taps []string
}

// NewNetwork makes the VLAN for n boards, whose DHCP names a boot file; it is gone when the test ends.
func NewNetwork(t testing.TB, dir, bootFile string, n int) *Network {
	t.Helper()
	v := &Network{t: t}
	t.Cleanup(v.remove)
	for _, args := range []string{
		"link set lo up", "link add " + bridge + " type bridge forward_delay 0", "addr add " + ServerAddress + "/24 dev " + bridge,
		"addr add " + relayAddress + "/24 dev " + bridge, "link set " + bridge + " up",
	} {
		v.ip(args)
	}
	hosts := make([]string, n)
	for i := range n {
		tap := tapOf(i + 1)
		v.taps = append(v.taps, tap)
		v.ip("tuntap add " + tap + " mode tap")
		v.ip("link set " + tap + " master " + bridge + " up")
		hosts[i] = fmt.Sprintf("dhcp-host=%s,%s\n", boardMAC(i+1), boardAddress(i+1))
	}
	v.serveDHCP(dir, bootFile, strings.Join(hosts, ""))
	return v
}

// serveDHCP starts dnsmasq. It gives no boot server but ours: one that serves
// files itself would hide that ours is silent.
func (v *Network) serveDHCP(dir, bootFile, hosts string) {
	v.t.Helper()
	conf := filepath.Join(dir, "dnsmasq.conf")
	text := "port=0\nuser=root\nno-ping\nno-resolv\ninterface=" + bridge + "\nbind-interfaces\nlog-dhcp\nlog-facility=" + filepath.Join(dir, "dnsmasq.log") +
		"\ndhcp-leasefile=" + filepath.Join(dir, "leases") + "\ndhcp-range=10.91.0.0,static,255.255.255.0,1h\ndhcp-boot=" + bootFile + ",," + ServerAddress +
		"\ndhcp-option=175,b0:01:01\n" + hosts // iPXE need not wait for a ProxyDHCP offer
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		v.t.Fatal(err)
	}
	c := command("dnsmasq", "--keep-in-foreground", "--conf-file="+conf)
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() {
		_ = c.Process.Kill() // it may have died
		_ = c.Wait()         // says that it was killed
	})
}

// Cut takes the network from board n, as a pulled cable does; Mend gives it back.
func (v *Network) Cut(n int) { v.ip("link set " + tapOf(n) + " down") }

// Mend gives board n its network back.
func (v *Network) Mend(n int) { v.ip("link set " + tapOf(n) + " up") }

func (v *Network) ip(args string) {
	v.t.Helper()
	if out, err := command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		v.t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

func (v *Network) remove() {
	for _, link := range append(v.taps, bridge) {
		_ = command("ip", "link", "del", link).Run() // NewNetwork may have failed before it was made
	}
}
