package netboot

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// A script gets this server and those of the rack that live then, each once, and IPv6 in brackets.
func TestScriptsNameTheServersOfTheRack(t *testing.T) {
	t.Parallel()
	var r *rig
	others := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:8000"), netip.MustParseAddrPort("[fd00::3]:8000")}
	var died atomic.Bool
	r = newRigOf(t, rigOptions{others: func() []netip.AddrPort {
		if died.Load() {
			return []netip.AddrPort{r.addrs.HTTP}
		}
		return append([]netip.AddrPort{r.addrs.HTTP}, others...)
	}})
	path := "/b/" + alive.String()
	own := "http://" + r.addrs.HTTP.String() + path
	for _, want := range []string{own + " http://10.0.0.2:8000" + path + " http://[fd00::3]:8000" + path, own} {
		_, script := r.do(t, "GET", path+"/second-stage.sh")
		if !strings.Contains(script, "MP_URLS='"+want+"'\nMP_URL='"+own+"'\n") {
			t.Errorf("want %q in\n%.400s", want, script)
		}
		died.Store(true)
	}
}
