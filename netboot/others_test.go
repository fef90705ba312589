package netboot

import (
	"net/netip"
	"strings"
	"testing"
)

// A script gets this server and those of the rack that live then, each once, and IPv6 in brackets.
func TestScriptsNameTheServersOfTheRack(t *testing.T) {
	t.Parallel()
	var r *rig
	others := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:8000"), netip.MustParseAddrPort("[fd00::3]:8000")}
	r = newRigOf(t, rigOptions{others: func() []netip.AddrPort { return append([]netip.AddrPort{r.addrs.HTTP}, others...) }})
	path := "/b/" + alive.String()
	own := "http://" + r.addrs.HTTP.String() + path
	for _, want := range []string{own + " http://10.0.0.2:8000" + path + " http://[fd00::3]:8000" + path, own} {
		_, script := r.do(t, "GET", path+"/second-stage.sh")
		if !strings.Contains(script, "MP_URLS='"+want+"'\nMP_URL='"+own+"'\n") {
			t.Errorf("want %q in\n%.400s", want, script)
		}
		others = nil // they died
	}
}
