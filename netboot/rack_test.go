package netboot

import (
	"net/http"
	"net/netip"
	"testing"
)

// TestTokenOfAnotherRack: a boot is known only where its own rack's boards come in, whatever the way. From another address
// of the rack it is known: a loader's address and the kernel's may differ, and boards may sit behind one address.
func TestTokenOfAnotherRack(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	elsewhere := netip.MustParseAddrPort("127.9.9.9:1234")
	paths := []string{"second-stage.sh", "config", "kernel", "artifact/disk", "progress?done=1&total=2", "event/writing"}
	for rack, want := range map[string]int{"r1": http.StatusOK, "r2": http.StatusNotFound} {
		r.fleet.mu.Lock()
		moved := *r.fleet.view
		moved.Spec.Rack = rack
		moved.Address = netip.MustParseAddr("127.8.8.8")
		r.fleet.view = &moved
		asked := len(r.fleet.asked)
		r.fleet.mu.Unlock()
		for _, path := range paths {
			if res, body := r.do(t, "GET", "/b/"+alive.String()+"/"+path); res.StatusCode != want {
				t.Errorf("rack %s, %s: %d %q", rack, path, res.StatusCode, body)
			}
		}
		f, err := r.Open("b/"+alive.String()+"/kernel", elsewhere)
		if (err == nil) != (rack == "r1") {
			t.Errorf("rack %s by TFTP: %v", rack, err)
		}
		if err == nil {
			_ = f.Close() // read only
		}
		r.fleet.mu.Lock()
		if got := len(r.fleet.asked) - asked; (got > 0) != (rack == "r1") {
			t.Errorf("rack %s: its actor was asked %d times", rack, got)
		}
		r.fleet.mu.Unlock()
	}
}
