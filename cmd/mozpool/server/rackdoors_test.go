package server

import (
	"net/netip"
	"testing"

	"mozpool/cmd/mozpool/config"
)

// The address that stays is another than the one that moves, of the same network.
func TestOwnAddress(t *testing.T) {
	t.Parallel()
	service := config.ServiceAddress{Prefix: netip.MustParsePrefix("10.91.0.10/24"), Interface: "eth1"}
	for _, test := range []struct {
		has  []string
		want string
	}{
		{[]string{"fe80::1/64", "10.91.0.10/24", "192.168.0.2/24", "10.91.0.2/24"}, "10.91.0.2"},
		{[]string{"10.91.0.10/24", "192.168.0.2/24"}, "invalid IP"},
		{nil, "invalid IP"},
	} {
		got := ownAddress(service, func(name string) (all []netip.Prefix) {
			if name != "eth1" {
				t.Errorf("asked for interface %s", name)
			}
			for _, p := range test.has {
				all = append(all, netip.MustParsePrefix(p))
			}
			return all
		})
		if got.String() != test.want {
			t.Errorf("of %q: %v, want %s", test.has, got, test.want)
		}
	}
	if len(interfaceAddresses("lo")) == 0 && len(interfaceAddresses("lo0")) == 0 {
		t.Error("the loopback interface has no address")
	}
	if got := interfaceAddresses("no such interface"); got != nil {
		t.Errorf("%v", got)
	}
}
