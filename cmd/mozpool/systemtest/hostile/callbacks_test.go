package hostile

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"testing"
)

var tokenIn = regexp.MustCompile(`/b/([0-9A-Za-z]{26})/`)

// bootByHand asks for an image on the board that the test plays, waits for its entry, and gives the boot's token.
func (r *rack) bootByHand() string {
	r.t.Helper()
	r.image(byHand)
	return r.nextBoot("")
}

// nextBoot waits for a boot with another token.
func (r *rack) nextBoot(not string) (token string) {
	r.t.Helper()
	r.until("there is an entry for "+byHand, func() bool {
		_, entry := r.tftp("pxelinux.cfg/01-02-00-5e-00-ff-01")
		if m := tokenIn.FindStringSubmatch(entry); m != nil {
			token = m[1]
		}
		return token != "" && token != not && r.board(byHand).State == "booting"
	})
	return token
}

func (r *rack) event(token, event string) int {
	r.t.Helper()
	return r.rackGet("/b/" + token + "/event/" + event).status
}

// TestCallbacksOfNobody: without a token that lives, nothing moves, whatever is said.
func TestCallbacksOfNobody(t *testing.T) {
	r := newRack(t, 1, "127.95.0.0")
	r.start()
	old := r.bootByHand()
	if got := r.event(old, "failed?part=board&text=x"); got != 200 { // the attempt goes on with another boot
		t.Fatalf("failed: %d", got)
	}
	token := r.nextBoot(old)
	before := r.snapshot()
	for _, event := range []string{"mobile_init_started", "downloading", "writing", "rebooting?readback=system:full:00", "image_up", "failed?part=board&text=x"} {
		for name, tc := range map[string]struct {
			token string
			want  int
		}{"none": {"", 404}, "wrong": {"AAAAAAAAAAAAAAAAAAAAAAAAAA", 404}, "short": {token[:25], 404}, "long": {token + "A", 404}, "old": {old, 410}} {
			if got := r.event(tc.token, event); got != tc.want {
				t.Errorf("%s with %s token: %d, not %d", event, name, got, tc.want)
			}
		}
	}
	for _, path := range []string{"second-stage.sh", "config", "kernel", "artifact/system", "progress?done=1&total=2"} {
		if got := r.rackGet("/b/" + old + "/" + path).status; got != 410 {
			t.Errorf("%s of an old boot: %d", path, got)
		}
	}
	r.unmoved(before)
}

// TestCallbacksOutOfOrder: events that are not expected now, and those that come twice, move nothing.
func TestCallbacksOutOfOrder(t *testing.T) {
	r := newRack(t, 1, "127.96.0.0")
	r.start()
	token := r.bootByHand()
	before := r.snapshot()
	for _, event := range []string{"image_up", "maintenance_up", "self_test_ok", "self_test_running", "no_such_event", "please_image", "rebooting?readback=x"} {
		if got := r.event(token, event); got < 400 {
			t.Errorf("%s while booting: %d", event, got)
		}
	}
	for _, path := range []string{"progress?done=-1&total=2", "progress?done=x", "artifact/../../secret", "artifact/none", "config/none", "files/x"} {
		if got := r.rackGet("/b/" + token + "/" + path).status; got != 404 && got != 400 {
			t.Errorf("%s: %d", path, got)
		}
	}
	r.unmoved(before)
	for _, event := range []string{"mobile_init_started", "downloading", "writing"} {
		if got := r.event(token, event); got != 200 {
			t.Errorf("%s: %d", event, got)
		}
		once := r.snapshot()
		if got := r.event(token, event); got != 200 {
			t.Errorf("%s again: %d", event, got)
		}
		r.unmoved(once)
	}
	writing := r.snapshot()
	for _, event := range []string{"mobile_init_started", "image_up", "self_test_ok"} {
		r.event(token, event) // late; any answer will do
	}
	r.unmoved(writing)
	if got := r.event(token, "rebooting?readback=system:full:0000"); got == 200 && r.board(byHand).State == "restarting" {
		t.Error("a wrong read-back ended writing")
	}
}

// TestUpFromElsewhere: an image's word is believed only from its board's address, and only when it is waited for.
func TestUpFromElsewhere(t *testing.T) {
	r := newRack(t, 1, "127.97.0.0")
	r.start()
	r.bootByHand()
	before := r.snapshot()
	if a := r.rackGet("/up?image=v2"); a.status != 404 {
		t.Errorf("from no board: %+v", a)
	}
	for _, from := range []string{"127.97.0.1", "127.97.0.200"} { // a board at rest, and one that boots
		local := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true,
			DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext}}
		for _, image := range []string{"v2", "other", ""} {
			res, err := local.Get(fmt.Sprintf("http://127.0.0.1:%d/up?image=%s", r.ports.http, image))
			must(t, err)
			_ = res.Body.Close() // its text is not used
			if res.StatusCode == 200 {
				t.Errorf("from %s for %q: %d", from, image, res.StatusCode)
			}
		}
	}
	r.unmoved(before)
}
