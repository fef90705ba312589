package packaging

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestPackages packs a real binary and installs, upgrades and removes it, in a folder that stands for a machine.
func TestPackages(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") == "" {
		t.Skip("set MOZPOOL_E2E=1: it builds packages with tools that are fetched")
	}
	binary := filepath.Join(t.TempDir(), "mozpool")
	run(t, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=v1.0.0", "-o", binary, "..")
	first := pack(t, binary, "v1.0.0")
	t.Run("reproducible", func(t *testing.T) { sameBytes(t, first, pack(t, binary, "v1.0.0")) })
	t.Run("contents", func(t *testing.T) { contents(t, first) })
	t.Run("deb", func(t *testing.T) { installed(t, first, pack(t, binary, "v1.1.0-3-gabcdef0")) })
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func pack(t *testing.T, binary, version string) (dir string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	run(t, "go", "run", "-C", filepath.Join(root, ".ci/tools"), "./pack", "-root", root, "-out", dir, "-binary", binary, "-arch", runtime.GOARCH,
		"-version", version, "-epoch", "1760000000")
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sameBytes(t *testing.T, a, b string) {
	one, other := read(t, filepath.Join(a, "SHA256SUMS")), read(t, filepath.Join(b, "SHA256SUMS"))
	if !bytes.Equal(one, other) {
		t.Errorf("the same source made\n%s, then\n%s", one, other)
	}
}

// contents holds checksums against files, and looks into the bill of materials.
func contents(t *testing.T, dir string) {
	kinds := map[string]bool{}
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "SHA256SUMS")))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		data := read(t, filepath.Join(dir, name))
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s has another checksum", name)
		}
		kinds[filepath.Ext(name)] = true
		if filepath.Ext(name) == ".rpm" && !bytes.HasPrefix(data, []byte{0xed, 0xab, 0xee, 0xdb}) {
			t.Errorf("%s is no rpm", name)
		}
		if filepath.Ext(name) == ".tar" {
			image(t, filepath.Join(dir, name))
		}
		if filepath.Ext(name) == ".json" {
			materials(t, data)
		}
	}
	if len(kinds) != 5 {
		t.Errorf("of deb, rpm, gz, tar and json there are %v", kinds)
	}
}

// image holds every blob of an OCI archive against its name, which is its digest.
func image(t *testing.T, path string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // only read
	names := map[string]bool{}
	for in := tar.NewReader(file); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		names[h.Name] = true
		if sum, ok := strings.CutPrefix(h.Name, "blobs/sha256/"); ok {
			names["blob"] = true
			if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
				t.Errorf("the blob %s has another digest", sum)
			}
		}
	}
	for _, want := range []string{"oci-layout", "index.json", "blob"} {
		if !names[want] {
			t.Errorf("the image has no %s: %v", want, names)
		}
	}
}

func materials(t *testing.T, data []byte) {
	var bom struct {
		Format     string `json:"bomFormat"`
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(data, &bom); err != nil || bom.Format != "CycloneDX" {
		t.Fatalf("%v, format %q", err, bom.Format)
	}
	found := map[string]string{}
	for _, c := range bom.Components {
		found[c.Name] = c.Version
	}
	for _, name := range []string{"std", "github.com/dgraph-io/badger/v4", "github.com/valyala/fasthttp"} {
		if found[name] == "" {
			t.Errorf("the bill of materials has no %s", name)
		}
	}
}

// machine is a folder that dpkg takes for one. Its scripts run outside of it and are told where it is.
type machine struct {
	t    *testing.T
	root string
}

func (m machine) dpkg(args ...string) string {
	m.t.Helper()
	return run(m.t, "dpkg", append([]string{"--root=" + m.root, "--log=/dev/null", "--force-script-chrootless", "--force-not-root"}, args...)...)
}

func (m machine) has(path string) bool {
	_, err := os.Lstat(filepath.Join(m.root, path))
	return err == nil
}

func (m machine) want(when string, paths map[string]bool) {
	m.t.Helper()
	for path, want := range paths {
		if m.has(path) != want {
			m.t.Errorf("%s: %s is there: %t", when, path, !want)
		}
	}
}

func installed(t *testing.T, older, newer string) {
	if _, err := exec.LookPath("dpkg"); err != nil || os.Getuid() != 0 {
		t.Skip("needs Debian's dpkg, and root")
	}
	m := machine{t, t.TempDir()}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "etc"} {
		if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(m.root, "var/lib/dpkg", file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const binary, conf, unit = "usr/bin/mozpool", "etc/mozpool/mozpool.yaml", "usr/lib/systemd/system/mozpool.service"
	m.dpkg("-i", deb(t, older))
	m.want("installed", map[string]bool{binary: true, conf: true, unit: true})
	if out := run(t, filepath.Join(m.root, binary), "version"); !strings.Contains(out, "v1.0.0") {
		t.Errorf("it says %q", out)
	}
	run(t, filepath.Join(m.root, binary), "config", "check", filepath.Join(m.root, conf))
	if _, err := exec.LookPath("systemd-sysusers"); err == nil && !strings.Contains(string(read(t, filepath.Join(m.root, "etc/passwd"))), "mozpool:") {
		t.Error("there is no user mozpool")
	}
	mine := append(read(t, filepath.Join(m.root, conf)), "# mine\n"...)
	for path, data := range map[string][]byte{conf: mine, "var/lib/mozpool/journal/FORMAT": []byte("x")} {
		path = filepath.Join(m.root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m.dpkg("-i", deb(t, newer))
	if !bytes.Equal(read(t, filepath.Join(m.root, conf)), mine) {
		t.Error("the upgrade changed a configuration that people had changed")
	}
	if out := m.dpkg("-s", "mozpool"); !strings.Contains(out, "Version: 1.1.0+3+gabcdef0\n") || !strings.Contains(out, "install ok installed") {
		t.Errorf("after the upgrade: %s", out)
	}
	m.removed(binary, conf, unit)
}

// removed takes the package away, then its configuration; what the server knows stays.
func (m machine) removed(binary, conf, unit string) {
	m.t.Helper()
	m.dpkg("-r", "mozpool")
	m.want("removed", map[string]bool{binary: false, unit: false, conf: true, "var/lib/mozpool/journal/FORMAT": true})
	if out := m.dpkg("-P", "mozpool"); !strings.Contains(out, "/var/lib/mozpool is left") {
		m.t.Errorf("nobody is told what is left: %s", out)
	}
	m.want("purged", map[string]bool{conf: false, "var/lib/mozpool/journal/FORMAT": true})
}

func deb(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("debs %v, %v", found, err)
	}
	return found[0]
}
