package hostile

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edit replaces text of boards.yaml and has the server read it; the answer is given.
func (r *rack) edit(pairs ...string) answer {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "boards.yaml"))
	must(r.t, err)
	edited := strings.NewReplacer(pairs...).Replace(string(text))
	if edited == string(text) {
		r.t.Fatalf("boards.yaml has none of %q", pairs)
	}
	r.write("boards.yaml", edited)
	return r.do("POST", r.api("/api/v1/reload"), "")
}

// atWriting brings the board that the test plays to where its card is being written.
func (r *rack) atWriting() (token string) {
	r.t.Helper()
	token = r.bootByHand()
	for _, event := range []string{"mobile_init_started", "downloading", "writing"} {
		if got := r.event(token, event); got != 200 {
			r.t.Fatalf("%s: %d", event, got)
		}
	}
	return token
}

// TestMACSwappedWhileImaging: the network card of a board at work is replaced. The boot goes on, as its token is what it is
// known by; the new address is the one that gets entries from then on, and the old one is a stranger's.
func TestMACSwappedWhileImaging(t *testing.T) {
	r := newRack(t, 1, "127.112.0.0")
	r.start()
	token := r.atWriting()
	before := r.snapshot()
	if a := r.edit(handMAC, "02:00:5e:00:ff:77"); a.status >= 300 {
		t.Fatalf("reload: %+v", a)
	}
	r.unmoved(before)
	if got := r.event(token, "writing"); got != 200 {
		t.Errorf("the boot under way: %d", got)
	}
	if code, entry := r.tftp("pxelinux.cfg/01-02-00-5e-00-ff-01"); code != 5 {
		t.Errorf("the card that was taken out gets an entry: %d %q", code, entry)
	}
	says(t, r.get("/api/v1/discovered").body, handMAC)
	r.unmoved(before)
	// The new card asks: a board that is said to write, and asks for an entry, was reset. One try, and the next boot.
	r.tftp("pxelinux.cfg/01-02-00-5e-00-ff-77")
	r.until("the next boot has begun", func() bool { return r.event(token, "writing") == 410 })
}

// TestMACTwice: two boards cannot have one network card; the file is refused and says who has it.
func TestMACTwice(t *testing.T) {
	r := newRack(t, 1, "127.113.0.0")
	r.start()
	before := r.snapshot()
	a := r.edit(handMAC, "02:00:5e:00:00:01")
	if a.status != 400 {
		t.Errorf("%+v", a)
	}
	says(t, a.body, "board hand has the mac of board board1", "a slip", "nothing was changed", "boards.yaml")
	r.unmoved(before)
}

// TestRenamedInMidAttempt: a board's name is not what it is known by when it has an id; without one, another name is another
// board, and the old one is not cut. Either way nothing is switched.
func TestRenamedInMidAttempt(t *testing.T) {
	r := newRack(t, 1, "127.114.0.0")
	text, err := os.ReadFile(filepath.Join(r.dir, "boards.yaml"))
	must(t, err)
	r.write("boards.yaml", strings.Replace(string(text), "{name: "+byHand, "{id: \"17\", name: "+byHand, 1))
	r.start()
	token := r.atWriting()
	commands := len(r.relay.Journal())
	if a := r.edit("name: "+byHand, "name: renamed"); a.status >= 300 {
		t.Fatalf("reload: %+v", a)
	}
	if a := r.get("/api/v1/boards/" + byHand); a.status != 404 {
		t.Errorf("the old name: %+v", a)
	}
	if b := r.board("renamed"); b.State != "writing" || b.Attempt != 1 {
		t.Errorf("under its new name it is %+v", b)
	}
	if got := r.event(token, "writing"); got != 200 {
		t.Errorf("its boot: %d", got)
	}
	if a := r.edit("id: \"17\", ", ""); a.status >= 300 { // now it is another board
		t.Fatalf("reload: %+v", a)
	}
	if b := r.board("renamed"); b.State != "new" {
		t.Errorf("another id, and it is %+v", b)
	}
	if got := r.event(token, "writing"); got != 404 {
		t.Errorf("the boot of a board that is gone: %d", got)
	}
	if n := len(r.relay.Journal()); n != commands {
		t.Errorf("its relay was told %d things meanwhile", n-commands)
	}
}

// TestTokenFromElsewhere: a boot is known by its token from every address of its rack, since a loader's and a kernel's may
// differ; another board's token speaks for that board only, whoever sends it.
func TestTokenFromElsewhere(t *testing.T) {
	r := newRack(t, 1, "127.115.0.0")
	r.start()
	token := r.bootByHand()
	rest := r.board(r.names()[0])
	local := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.115.0.1")}}).DialContext}} // the other board's
	res, err := local.Get(fmt.Sprintf("http://127.0.0.1:%d/b/%s/event/mobile_init_started", r.ports.http, token))
	must(t, err)
	_ = res.Body.Close() // its text is not used
	if res.StatusCode != 200 || r.board(byHand).State != "live" {
		t.Errorf("%d, %+v", res.StatusCode, r.board(byHand))
	}
	if now := r.board(rest.Name); now != rest {
		t.Errorf("the board whose address it came from moved from %+v to %+v", rest, now)
	}
}

// TestMissingWhileServed: a file that goes, or is emptied, while a board is at work is said in the board's log; nobody is
// called ready with half of it.
func TestMissingWhileServed(t *testing.T) {
	r := newRack(t, 1, "127.116.0.0")
	r.start()
	token := r.atWriting()
	path := filepath.Join(r.dir, "files/artifacts/v2.img")
	good, err := os.ReadFile(path)
	must(t, err)
	for name, spoil := range map[string]func() error{"gone": func() error { return os.Remove(path) }, "emptied": func() error { return os.WriteFile(path, nil, 0o644) }} {
		must(t, spoil())
		a := r.rackGet("/b/" + token + "/artifact/system")
		if a.status != 503 {
			t.Errorf("%s: %d", name, a.status)
		}
		says(t, a.body, "the file is not what it was")
		r.write("files/artifacts/v2.img", string(good))
	}
	says(t, r.get("/api/v1/boards/"+byHand+"/log").body, "artifact system cannot be served")
	if b := r.board(byHand); b.State != "writing" {
		t.Errorf("%+v", b)
	}
}
