package netboot

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"mozpool/actors/board"
	"mozpool/netboot/images"
)

const tarYAML = `
images:
- {name: v1, install: tar, config_keys: [build], artifacts: [{name: rootfs, file: v1.tar, to: p2}]}
`

// archive is a tar of two small files.
func archive(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range []string{"./etc/a", "b"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTar: the list that a board compares, its hash in the script, and the judgement of what is reported agree.
func TestTar(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{yaml: tarYAML, archive: archive(t)})
	b := "/b/" + alive.String()
	x := sha256.Sum256([]byte("x"))
	line := hex.EncodeToString(x[:])
	_, list := r.do(t, "GET", b+"/files/rootfs")
	if list != line+"  etc/a\n"+line+"  b\n" {
		t.Errorf("list %q", list)
	}
	sum := sha256.Sum256([]byte(list))
	_, script := r.do(t, "GET", b+"/second-stage.sh")
	if !strings.Contains(script, "A_FILES='files/rootfs' A_FILES_SHA256='"+hex.EncodeToString(sum[:])+"'") {
		t.Error("the script does not name the list's hash")
	}
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "tar"); err != nil {
		t.Error(err)
	}
	body := script[strings.LastIndex(script, "\nmp_body() {"):]
	r.golden(t, "stage-tar-body.sh", []byte(body))
	r.reboots(t, "rootfs:full:"+hex.EncodeToString(sum[:]), "")
	r.reboots(t, "rootfs:full:"+line, "on the card")
	if err := os.WriteFile(filepath.Join(r.files, "artifacts/v1.tar"), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.reboots(t, "rootfs:full:"+hex.EncodeToString(sum[:]), "not what it was")
	if res, _ := r.do(t, "GET", b+"/files/rootfs"); res.StatusCode != 503 {
		t.Errorf("the list of an archive that was replaced: %d", res.StatusCode)
	}
}

// reboots reports a read-back; want is in the reason why it is bad, empty: it is good.
func (r *rig) reboots(t *testing.T, readback, want string) {
	t.Helper()
	r.do(t, "GET", "/b/"+alive.String()+"/event/rebooting?readback="+readback)
	r.fleet.mu.Lock()
	defer r.fleet.mu.Unlock()
	in := r.fleet.asked[len(r.fleet.asked)-1].Input
	if in.Kind != board.Rebooting || in.Good != (want == "") || !strings.Contains(in.Text, want) {
		t.Errorf("%s: good %v, %q", readback, in.Good, in.Text)
	}
}

// TestSiteDefault: the site's own default entry goes before ours.
func TestSiteDefault(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	path := filepath.Join(r.files, "boot/pxelinux.cfg/default")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("DEFAULT site\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := r.read(t, "any/pxelinux.cfg/default"); err != nil || got != "DEFAULT site\n" || got == images.DefaultEntry {
		t.Errorf("%q, %v", got, err)
	}
}

// TestProgress: bytes are passed on, numbers that are none are not.
func TestProgress(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := "/b/" + alive.String() + "/progress?artifact=disk&"
	for _, bad := range []string{"", "done=1", "total=1", "done=-1&total=2", "done=1&total=1e3", "done=99999999999999999999&total=1"} {
		if res, _ := r.do(t, "GET", b+bad); res.StatusCode != 400 {
			t.Errorf("%q: %d", bad, res.StatusCode)
		}
	}
	r.do(t, "POST", b+"done=5&total=16&step=writing%0a")
	r.fleet.mu.Lock()
	defer r.fleet.mu.Unlock()
	if len(r.fleet.progress) != 1 {
		t.Fatalf("progress %+v", r.fleet.progress)
	}
	if p := r.fleet.progress[0]; p.Artifact != "disk" || p.Step != "writing?" || p.Done != 5 || p.Total != 16 {
		t.Errorf("progress %+v", p)
	}
}
