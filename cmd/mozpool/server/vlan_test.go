package server

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"testing"

	"mozpool/cmd/mozpool/config"
)

func TestDown(t *testing.T) {
	t.Parallel()
	const works = net.FlagUp | net.FlagRunning
	for _, test := range []struct {
		flags net.Flags
		err   error
		want  string
	}{
		{works, nil, ""},
		{net.FlagRunning, nil, "interface eth1 is down"},
		{net.FlagUp, nil, "interface eth1 has no link"},
		{works, errors.New("no such network interface"), "interface eth1 is not there"},
	} {
		if got := down("eth1", func(string) (*net.Interface, error) { return &net.Interface{Flags: test.flags}, test.err }); got != test.want {
			t.Errorf("%v, %v: %q, want %q", test.flags, test.err, got, test.want)
		}
	}
}

func TestVLANs(t *testing.T) {
	t.Parallel()
	racks := map[string]config.Rack{
		"service":  {ServiceAddress: config.ServiceAddress{Prefix: netip.MustParsePrefix("10.91.0.10/24"), Interface: "eth7"}},
		"loopback": {Listen: config.Address{Addr: netip.MustParseAddr("127.0.0.1")}},
		"nobody's": {Listen: config.Address{Addr: netip.MustParseAddr("192.0.2.255")}},
	}
	if got := vlans(racks); !maps.Equal(got, map[string]string{"service": "eth7"}) {
		t.Errorf("%v", got)
	}
	for rack, want := range map[string]string{"service": "interface eth7 is not there", "loopback": "", "unknown": ""} {
		if got := trouble(racks)(rack); got != want {
			t.Errorf("%s: %q, want %q", rack, got, want)
		}
	}
}
