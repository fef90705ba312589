package netboot

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/actors/inventory"
	"mozpool/netboot/images"
)

const scriptName = "ipxe/52-54-00-01-00-01"

// TestScriptIsGolden: the same entry as a PXELINUX configuration's, by TFTP and by HTTP, below any folder.
func TestScriptIsGolden(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, name := range []string{scriptName, "some/folder/" + scriptName} {
		got, err := r.read(t, name)
		if err != nil {
			t.Fatal(err)
		}
		r.golden(t, "script.ipxe", []byte(got))
	}
	got := r.must(t, http.MethodGet, "/boot/"+scriptName, http.StatusOK)
	r.golden(t, "script.ipxe", []byte(got))
	r.heard(t, 3)
	r.fleet.mu.Lock()
	defer r.fleet.mu.Unlock()
	for _, e := range r.fleet.told {
		if e.Input.Kind != board.LoaderAsked || e.Input.Text != "got its iPXE script of boot 2" || e.From.Addr() != loopback {
			t.Errorf("told %+v from %s", e.Input, e.From)
		}
	}
	r.logs.wait(t, "loader at 127.0.0.1 asked for its iPXE script: got its iPXE script of boot 2")
}

// TestScriptsFilesAreThere: what the script names can be fetched, and proves what it proves of other loaders.
func TestScriptsFilesAreThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	script := r.must(t, http.MethodGet, "/boot/"+scriptName, http.StatusOK)
	base := "http://" + r.Addrs().HTTP.String()
	for line := range strings.Lines(script) {
		if words := strings.Fields(line); len(words) > 1 && strings.HasPrefix(words[1], base) {
			r.must(t, http.MethodGet, strings.TrimPrefix(words[1], base), http.StatusOK)
		}
	}
	r.heard(t, 3)
	if got := r.fleet.kinds(); !slices.Equal(got, []board.Kind{board.LoaderAsked, board.KernelRead, board.InitrdRead}) {
		t.Errorf("told %v", got)
	}
}

// TestScriptToTheCard: a board that has nothing to do asked, and went on to its card; the site's own script does as well.
func TestScriptToTheCard(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.fleet.change(func(v *actors.View) { v.Board.State = board.Restarting })
	if got, err := r.read(t, scriptName); err != nil || got != images.CardScript {
		t.Errorf("got %q, %v", got, err)
	}
	r.heard(t, 2)
	if got := r.fleet.kinds(); !slices.Equal(got, []board.Kind{board.LoaderAsked, board.FellThrough}) {
		t.Errorf("told %v", got)
	}
	r.put(t, "boot/ipxe/default", "#!ipxe\nsanboot --drive 0x80\n")
	if got := r.must(t, http.MethodGet, "/boot/"+scriptName, http.StatusOK); !strings.Contains(got, "sanboot") {
		t.Errorf("the site's own is %q", got)
	}
	r.heard(t, 2)
}

// TestScriptOfStranger: it is reported, and boots its disk.
func TestScriptOfStranger(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, name := range []string{"ipxe/52-54-00-01-00-99", "ipxe/52:54:00:01:00:99"} {
		if got, err := r.read(t, name); err != nil || got != images.CardScript {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if got := r.fleet.strangers(); len(got) != 2 || got[0] != mac(t, "52:54:00:01:00:99") || len(r.fleet.kinds()) > 0 {
		t.Errorf("strangers %v, told %v", got, r.fleet.kinds())
	}
}

// TestScriptOfAnotherRack: its boards are strangers here, as to other loaders.
func TestScriptOfAnotherRack(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.fleet.change(func(v *actors.View) { v.Spec.Rack = "r2" })
	if got, err := r.read(t, scriptName); err != nil || got != images.CardScript || len(r.fleet.strangers()) != 1 {
		t.Errorf("got %q, %v; strangers %v", got, err, r.fleet.strangers())
	}
}

// TestScriptIsLookedAt: by people, by browsers that a page has ask, and by who wants its size; no board boots by that.
func TestScriptIsLookedAt(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	look := func() {
		t.Helper()
		for _, path := range []string{"/boot/" + scriptName, "/boot/ipxe/52-54-00-01-00-99"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if res, body := r.do(t, method, path, "User-Agent", "Mozilla/5.0"); res.StatusCode != http.StatusOK || method == http.MethodGet && !strings.HasPrefix(body, "#!ipxe") {
					t.Errorf("%s %s: %s %q", method, path, res.Status, body)
				}
			}
		}
		r.must(t, http.MethodHead, "/boot/"+scriptName, http.StatusOK)
	}
	look()
	r.fleet.change(func(v *actors.View) { v.Board.State = board.Restarting })
	look()
	r.must(t, http.MethodPost, "/boot/"+scriptName, http.StatusMethodNotAllowed)
	r.stop()
	<-r.ended // what is told late is told now
	if got, strange := r.fleet.kinds(), r.fleet.strangers(); len(got) > 0 || len(strange) > 0 {
		t.Errorf("told %v, strangers %v", got, strange)
	}
}

// TestChain: ours where the site has none, and the site's other files beside it.
func TestChain(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	both := func(want string) {
		t.Helper()
		got, err := r.read(t, "some/folder/boot.ipxe")
		if err != nil || got != want {
			t.Errorf("TFTP: %q, %v", got, err)
		}
		if got := r.must(t, http.MethodGet, "/boot/boot.ipxe", http.StatusOK); got != want {
			t.Errorf("HTTP: %q", got)
		}
	}
	both(images.ChainScript)
	r.put(t, "boot/boot.ipxe", "#!ipxe\nexit\n")
	both("#!ipxe\nexit\n")
	r.put(t, "boot/ipxe/undionly.kpxe", "iPXE itself")
	if got, err := r.read(t, "ipxe/undionly.kpxe"); err != nil || got != "iPXE itself" {
		t.Errorf("a file beside the scripts: %q, %v", got, err)
	}
	if _, err := r.read(t, "ipxe/nothing"); err == nil {
		t.Error("a name that is no MAC got an answer")
	}
}

// TestPinnedLoader: boards of a type that pins one family get no entry by the other, and the log says why.
func TestPinnedLoader(t *testing.T) {
	t.Parallel()
	const config = "pxelinux.cfg/01-52-54-00-01-00-01"
	for pinned, other := range map[images.Loader]string{images.IPXE: config, images.PXELINUX: scriptName} {
		r := newRigOf(t, rigOptions{yaml: "hardware:\n  qemu-arm64: {live: live/arm64, disk: /dev/vda, loader: " + string(pinned) + "}\n" + imagesYAML[1:]})
		got, err := r.read(t, other)
		if pinned == images.IPXE && err == nil || pinned == images.PXELINUX && got != images.CardScript {
			t.Errorf("pinned to %s, yet %s: %q, %v", pinned, other, got, err)
		}
		r.logs.wait(t, "boards of type qemu-arm64 boot by "+string(pinned)+" only")
		own := map[string]string{config: scriptName, scriptName: config}[other]
		if got, err := r.read(t, own); err != nil || !strings.Contains(got, "second-stage.sh") {
			t.Errorf("pinned to %s, and %s: %q, %v", pinned, own, got, err)
		}
	}
}

// change makes the board another.
func (f *fakeFleet) change(how func(v *actors.View)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := *f.view
	how(&v)
	f.view = &v
}

// strangers are the MAC addresses that asked and are no board's.
func (f *fakeFleet) strangers() []inventory.MAC {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.strange)
}

// put writes a file below files.
func (r *rig) put(t *testing.T, name, data string) {
	t.Helper()
	path := filepath.Join(r.files, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// must is do by iPXE, with the status that is wanted.
func (r *rig) must(t *testing.T, method, path string, status int) string {
	t.Helper()
	res, body := r.do(t, method, path, "User-Agent", "iPXE/1.0.0+")
	if res.StatusCode != status {
		t.Errorf("%s %s: %s", method, path, res.Status)
	}
	return body
}
