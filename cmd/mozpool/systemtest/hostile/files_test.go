package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mozpool/netboot/boardsim"
)

// bomb is nine levels of aliases: 10^9 strings if it were unfolded.
func bomb() string {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return text
}

// TestBadFilesAtReload: whatever a file holds, a reload says what is wrong and changes nothing.
func TestBadFilesAtReload(t *testing.T) {
	r := newRack(t, 1, "127.104.0.0")
	r.start()
	before := r.snapshot()
	image := func(artifact string) string {
		return imagesYAML + "- {name: bad, hardware: [simulated], install: raw, artifacts: [{name: d, " + artifact + "}]}\n"
	}
	r.write("files/artifacts/empty.img", "")
	for name, tc := range map[string]struct{ file, text, want string }{
		"bomb":     {"boards.yaml", bomb(), "alias"},
		"bomb 2":   {"images.yaml", bomb(), "alias"},
		"deep":     {"boards.yaml", "boards: " + strings.Repeat("[", 50000), "boards.yaml"},
		"long":     {"images.yaml", strings.Repeat("# a comment\n", 1<<20), "images.yaml"},
		"zeros":    {"boards.yaml", strings.Repeat("\x00", 4096), "boards.yaml"},
		"hash":     {"images.yaml", image("file: v2.img, to: p2, sha256: " + strings.Repeat("a", 64)), "has sha256"},
		"missing":  {"images.yaml", image("file: none.img, to: p2"), "there is no artifacts/none.img"},
		"empty":    {"images.yaml", image("file: empty.img, to: p2"), "is empty"},
		"keep":     {"images.yaml", image("file: v2.img, to: disk"), "boot loader"},
		"outwards": {"images.yaml", image("file: ../../secret, to: p2"), "no file below artifacts"},
	} {
		good, err := os.ReadFile(filepath.Join(r.dir, tc.file))
		must(t, err)
		r.write(tc.file, tc.text)
		a := r.do("POST", r.api("/api/v1/reload"), "")
		if a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
		says(t, a.body, tc.want, "nothing was changed", "remedy")
		r.write(tc.file, string(good))
	}
	r.unmoved(before)
	r.image(r.names()...)
	r.allReady()
}

// TestHangups: a storm of SIGHUP over a broken file, while boards are imaged.
func TestHangups(t *testing.T) {
	r := newRack(t, 2, "127.105.0.0")
	r.start()
	r.image(r.names()...)
	r.write("boards.yaml", "boards: [{name: x")
	for range 200 {
		must(t, r.child.Process.Signal(syscall.SIGHUP))
	}
	r.allReady()
	says(t, r.said(), "reload refused", "boards.yaml")
}

// TestGrowingImage: a file that changes while boards are to get it never makes a board ready, and says so; the file as it
// was heals it.
func TestGrowingImage(t *testing.T) {
	r := newRack(t, 1, "127.106.0.0")
	r.start()
	name := r.names()[0]
	path := filepath.Join(r.dir, "files/artifacts/v2.img")
	good, err := os.ReadFile(path)
	must(t, err)
	r.image(name)
	r.until("the board boots", func() bool { return r.board(name).State == "booting" })
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("more")
	must(t, err)
	must(t, f.Close())
	r.until("the log says that the file changed", func() bool {
		return strings.Contains(r.get("/api/v1/boards/"+name+"/log").body, "cannot be served")
	})
	if b := r.board(name); b.State == "ready" {
		t.Errorf("ready with a file that changed: %+v", b)
	}
	r.write("files/artifacts/v2.img", string(good))
	if a := r.do("POST", r.api("/api/v1/reload"), ""); a.status >= 300 {
		t.Errorf("reload: %+v", a)
	}
	r.allReady()
}

// TestAddressesSwap: boards.yaml gives a board another address; what comes from there is its own from then on.
func TestAddressesSwap(t *testing.T) {
	r := newRack(t, 2, "127.107.0.0")
	r.start()
	text, err := os.ReadFile(filepath.Join(r.dir, "boards.yaml"))
	must(t, err)
	swap := strings.NewReplacer("127.107.0.1}", "127.107.0.2}", "127.107.0.2}", "127.107.0.1}", fmt.Sprint(boardsim.MACOf(1)), fmt.Sprint(boardsim.MACOf(2)),
		fmt.Sprint(boardsim.MACOf(2)), fmt.Sprint(boardsim.MACOf(1)))
	r.write("boards.yaml", swap.Replace(string(text)))
	if a := r.do("POST", r.api("/api/v1/reload"), ""); a.status >= 300 {
		t.Fatalf("reload: %+v", a)
	}
	c := r.from("127.107.0.1")
	for range 3 {
		_, err = c.Write([]byte("<13>who am I"))
		must(t, err)
	}
	r.until("the line is filed", func() bool {
		return strings.Contains(r.get("/api/v1/boards/board1/log").body+r.get("/api/v1/boards/board2/log").body, "who am I")
	})
	says(t, r.get("/api/v1/boards/board2/log").body, "who am I")
}

// TestAddressGoesAway: an address that boards.yaml took from a board is nobody's.
func TestAddressGoesAway(t *testing.T) {
	r := newRack(t, 1, "127.110.0.0")
	r.start()
	text, err := os.ReadFile(filepath.Join(r.dir, "boards.yaml"))
	must(t, err)
	r.write("boards.yaml", strings.ReplaceAll(string(text), "127.110.0.200,", "127.110.0.201,"))
	if a := r.do("POST", r.api("/api/v1/reload"), ""); a.status >= 300 {
		t.Fatalf("reload: %+v", a)
	}
	for _, address := range []string{"127.110.0.200", "127.110.0.201"} {
		_, err = r.from(address).Write([]byte("<13>said from " + address))
		must(t, err)
	}
	log := ""
	r.until("the new address is known", func() bool {
		log = r.get("/api/v1/boards/" + byHand + "/log").body
		return strings.Contains(log, "from 127.110.0.201")
	})
	if strings.Contains(log, "from 127.110.0.200") {
		t.Error("a line from the old address is still filed under the board")
	}
}

// TestBoardTakenInMidWrite: a board that boards.yaml drops, or renames, while it works is not cut.
func TestBoardTakenInMidWrite(t *testing.T) {
	r := newRack(t, 1, "127.111.0.0")
	r.start()
	token := r.bootByHand()
	for _, event := range []string{"mobile_init_started", "downloading", "writing"} {
		if got := r.event(token, event); got != 200 {
			t.Fatalf("%s: %d", event, got)
		}
	}
	good, err := os.ReadFile(filepath.Join(r.dir, "boards.yaml"))
	must(t, err)
	commands := len(r.relay.Journal())
	lines := strings.Split(strings.TrimSpace(string(good)), "\n")
	r.write("boards.yaml", strings.Join(lines[:len(lines)-1], "\n")+"\n")
	if a := r.do("POST", r.api("/api/v1/reload"), ""); a.status >= 300 {
		t.Fatalf("reload without it: %+v", a)
	}
	if got := r.event(token, "writing"); got != 404 && got != 503 {
		t.Errorf("writing of a board that is gone: %d", got)
	}
	r.write("boards.yaml", string(good))
	if a := r.do("POST", r.api("/api/v1/reload"), ""); a.status >= 300 {
		t.Fatalf("reload with it: %+v", a)
	}
	if got := r.event(token, "writing"); got != 200 {
		t.Errorf("writing of a board that is back: %d", got)
	}
	if n := len(r.relay.Journal()); n != commands {
		t.Errorf("its relay was told %d things meanwhile", n-commands)
	}
	if b := r.board(byHand); b.State != "writing" {
		t.Errorf("%+v", b)
	}
}
