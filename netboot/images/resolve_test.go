package images

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const siteYAML = `
hardware:
  panda: {live: live/omap4, fdt: omap4-panda-es.dtb, append: "console=ttyO2,115200n8", disk: /dev/mmcblk0, keep: ["0-4MiB", p1], limits: {booting: 4m, stall: 30s}}
images:
- {name: v2, hardware: [qemu-arm64], install: raw, artifacts: [{name: disk, file: v2.img.gz, to: disk}], limits: {booting: 9m}, verify: {kind: http, url: /ok}}
- {name: all, install: raw, artifacts: [{name: disk, file: v2.img.gz, to: disk}]}
- {name: root, hardware: [panda], install: raw, artifacts: [{name: root, file: v2.img.gz, part: 2, to: p2}], limits: {stall: 90s}}
- {name: tree, install: tar, artifacts: [{name: tree, file: tree.tar.xz, to: p2}]}
- {name: b2g, install: raw, config_keys: [build], artifacts: [{name: disk, file: "b2g-{{.Config.build}}.img", to: disk, allow: ["b2g-*.img"]}]}
`

func fullSite(t *testing.T) (*site, *Catalogue) {
	t.Helper()
	s := newSite(t)
	s.put("artifacts/v2.img.gz", gz(mbrDisk()))
	s.put("artifacts/tree.tar.xz", xzOf(tarOf("etc/fstab", "./bin/sh")))
	s.put("artifacts/b2g-1.img", []byte("one"))
	s.put("artifacts/secret.img", []byte("secret"))
	return s, s.must(siteYAML)
}

func TestResolveRaw(t *testing.T) {
	t.Parallel()
	_, c := fullSite(t)
	o, err := c.Resolve(t.Context(), "v2", "qemu-arm64", map[string]string{"extra": "1"})
	if err != nil {
		t.Fatal(err)
	}
	a, ok := o.Artifact("disk")
	if !ok || a.Compression != Gzip || a.Unpacked.Size != int64(len(mbrDisk())) || len(a.SHA256) != 64 || a.SHA256 == a.Unpacked.SHA256 {
		t.Errorf("artifact %+v", a)
	}
	if d, _ := o.Limit("booting"); d != 9*time.Minute {
		t.Errorf("booting %v: want the image's limit over the type's 3m", d)
	}
	if o.Verify.Status != 200 || o.Readback != ReadbackFull || o.Hardware.Kernel.Path != "live/arm64/vmlinuz" || o.Hardware.FDT != nil {
		t.Errorf("order %+v", o)
	}
	data, err := json.Marshal(o)
	var again Order
	if err != nil || json.Unmarshal(data, &again) != nil {
		t.Fatal(err)
	}
	if back, _ := json.Marshal(again); string(back) != string(data) {
		t.Errorf("the order changes on its way through the journal:\n%s\n%s", data, back)
	}
}

func TestResolvePartitionAndTar(t *testing.T) {
	t.Parallel()
	s, c := fullSite(t)
	o, err := c.Resolve(t.Context(), "root", "panda", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := o.Artifacts[0]; a.Offset != 16*sector || a.Unpacked.Size != 8*sector {
		t.Errorf("partition 2: %+v", a)
	}
	if o.Hardware.FDT == nil || o.Hardware.Squashfs == nil || o.Limits["stall"].String() != "1m30s" || o.Limits["booting"].String() != "4m" {
		t.Errorf("machine %+v, limits %v", o.Hardware, o.Limits)
	}
	if o, err = c.Resolve(t.Context(), "tree", "panda", nil); err != nil {
		t.Fatal(err)
	}
	s.tarElsewhere(c, o.Artifacts[0])
	files, err := c.TarFiles(o.Artifacts[0])
	if err != nil || o.Artifacts[0].TarFiles != 2 || len(files) != 2 || files[1].Name != "bin/sh" || files[0].Size != 9 {
		t.Errorf("files %v, %v", files, err)
	}
}

// tarElsewhere lists an archive whose file is gone, first with its bytes among the uploads, then with these gone, too.
func (s *site) tarElsewhere(c *Catalogue, a Artifact) {
	s.t.Helper()
	name := filepath.Join(s.dir, "files", a.Path)
	data, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	upload := filepath.Join(s.dir, "store", uploadPath(s.upload(data)))
	if err := os.Remove(name); err != nil {
		s.t.Fatal(err)
	}
	if files, err := c.TarFiles(a); err != nil || len(files) != a.TarFiles {
		s.t.Errorf("an archive among the uploads has %v, %v", files, err)
	}
	if err := os.Remove(upload); err != nil {
		s.t.Fatal(err)
	}
	shared, wanted := *c, ""
	shared.options.Lacking = func(sum string) { wanted = sum }
	var lacking *LackingError
	if _, err := shared.TarFiles(a); !errors.As(err, &lacking) || wanted != a.SHA256 {
		s.t.Errorf("an archive that others may have: %v, wanted %q", err, wanted)
	}
	var changed *ChangedError
	if _, err := c.TarFiles(a); !errors.As(err, &changed) {
		s.t.Errorf("an archive that is gone: %v", err)
	}
	s.put(a.Path, data)
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	_, c := fullSite(t)
	build := func(v string) map[string]string { return map[string]string{"build": v} }
	var unknown *UnknownError
	var refused *RefusedError
	var config *ConfigError
	for name, tc := range map[string]struct {
		image, hardware string
		config          map[string]string
		as              any
		want            string
	}{
		"bad image":         {"v3", "panda", nil, &unknown, `there is no image "v3"; did you mean v2?`},
		"bad hardware":      {"v2", "pandas", nil, &unknown, "did you mean panda?"},
		"bad fit":           {"v2", "panda", nil, &refused, "it is for [qemu-arm64] only"},
		"bad keep":          {"all", "panda", nil, &refused, "would overwrite 0-4MiB"},
		"bad live":          {"all", "qemu-amd64", nil, &refused, "its live environment lacks live/amd64/vmlinuz; build it with: mozpool live build"},
		"bad key missing":   {"b2g", "qemu-arm64", nil, &config, "config key build is missing"},
		"bad key traversal": {"b2g", "qemu-arm64", build("/../secret"), &config, "config key build does not fit"},
		"bad key no file":   {"b2g", "qemu-arm64", build("2"), &config, "there is no artifacts/b2g-2.img"},
		"bad key form":      {"v2", "qemu-arm64", map[string]string{"a b": ""}, &config, "cannot be a key"},
	} {
		_, err := c.Resolve(t.Context(), tc.image, tc.hardware, tc.config)
		if !errors.As(err, tc.as) {
			t.Errorf("%s: %T is not the type that callers decide by", name, err)
		}
		wants(t, err, tc.want)
	}
	if o, err := c.Resolve(t.Context(), "b2g", "qemu-arm64", build("1")); err != nil || o.Artifacts[0].Path != "artifacts/b2g-1.img" {
		t.Errorf("OK build: %v, %v", o, err)
	}
	if o, err := c.Resolve(t.Context(), SelfTest, "qemu-arm64", nil); err != nil || o.Script != "test" || o.Revision == "" {
		t.Errorf("OK built in: %v, %v", o, err)
	}
}

func TestResolveURL(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/b2g/away":
			http.Redirect(w, r, "/secret", http.StatusFound)
		case strings.HasSuffix(r.URL.Path, "/secret"):
			_, _ = io.WriteString(w, "secret") // served to whoever gets here
		case r.URL.Path != "/b2g/1.img":
			http.NotFound(w, r)
		case r.Header.Get("If-None-Match") == `"1"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			sent.Add(1)
			w.Header().Set("ETag", `"1"`)
			_, _ = io.WriteString(w, "one") // the client notices
		}
	}))
	t.Cleanup(srv.Close)
	s := newSite(t)
	c := s.must(fmt.Sprintf("images:\n- {name: b2g, install: raw, config_keys: [url], artifacts: [{name: d, file: \"{{.Config.url}}\", to: disk, allow: [%q]}]}\n", srv.URL+"/b2g/"))
	resolve := func(path string) (Order, error) {
		return c.Resolve(t.Context(), "b2g", "qemu-arm64", map[string]string{"url": srv.URL + path})
	}
	for range 2 {
		o, err := resolve("/b2g/1.img")
		if err != nil || o.Artifacts[0].In != InStore || o.Artifacts[0].Size != 3 {
			t.Fatalf("order %+v, %v", o, err)
		}
		f, err := c.Open(o.Artifacts[0].File)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if sent.Load() != 1 {
		t.Errorf("sent %d times: want once, then not modified", sent.Load())
	}
	for _, path := range []string{"/b2g/2.img", "/secret", "/b2g/../secret", "/b2g/%2e%2e/secret", "/b2g/away", "/b2g/1.img?x=1"} {
		var config *ConfigError
		if _, err := resolve(path); !errors.As(err, &config) || config.Key != "url" {
			t.Errorf("bad %s: %v", path, err)
		}
	}
}

// TestResolveURLOnce: a rack that is asked for one build at once fetches it once; a full disk is told.
func TestResolveURLOnce(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent.Add(1)
		w.Header().Set("ETag", `"1"`)
		_, _ = io.WriteString(w, "one") // the client notices
	}))
	t.Cleanup(srv.Close)
	s := newSite(t)
	const entry = "- {name: any, install: raw, config_keys: [url], artifacts: [{name: d, file: \"{{.Config.url}}\", to: disk, allow: [%q]}]}\n"
	const one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	o := s.options("images:\n" + fmt.Sprintf(entry, srv.URL+"/"))
	var free atomic.Uint64
	o.free = func(string) (uint64, error) { return free.Load(), nil }
	c, problems := Load(o)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	config := map[string]string{"url": srv.URL + "/a.img"}
	_, err := c.Resolve(t.Context(), "any", "qemu-arm64", config)
	wants(t, err, "mozpool artifact prune")
	free.Store(1 << 40)
	sent.Store(0)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if o, err := c.Resolve(t.Context(), "any", "qemu-arm64", config); err != nil || o.Artifacts[0].SHA256 != one {
				t.Errorf("%+v, %v", o.Artifacts, err)
			}
		})
	}
	if all.Wait(); sent.Load() != 1 {
		t.Errorf("sent %d times", sent.Load())
	}
}

func TestOpenRefusesAChangedFile(t *testing.T) {
	t.Parallel()
	s, c := fullSite(t)
	o, err := c.Resolve(t.Context(), "b2g", "qemu-arm64", map[string]string{"build": "1"})
	if err != nil {
		t.Fatal(err)
	}
	pinned := o.Artifacts[0].File
	path := filepath.Join(s.dir, "files", pinned.Path)
	open := func() error {
		f, err := c.Open(pinned)
		if err == nil {
			err = f.Close()
		}
		return err
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	later := pinned.ModTime.Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("the same content under another time is refused: %v", err)
	}
	s.put(pinned.Path, []byte("two"))
	var changed *ChangedError
	if err := open(); !errors.As(err, &changed) || changed.Is == "" {
		t.Errorf("other content: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.As(err, &changed) {
		t.Errorf("no file: %v", err)
	}
}

func TestOpenNeverLeavesTheFolder(t *testing.T) {
	t.Parallel()
	_, c := fullSite(t)
	for _, name := range []string{"../images.yaml", "/etc/passwd", "artifacts/../../images.yaml", "artifacts", ""} {
		if f, err := c.Open(File{In: InFiles, Path: name}); err == nil {
			t.Errorf("%q was opened as %s", name, f.Name())
		}
	}
}

func TestReplacedContentIsAnotherRevision(t *testing.T) {
	t.Parallel()
	s, c := fullSite(t)
	before, _ := c.Image("v2")
	s.put("artifacts/v2.img.gz", gz(append(mbrDisk(), 1)))
	after, _ := s.must(siteYAML).Image("v2")
	if before.Revision == after.Revision || len(after.Revision) != 16 {
		t.Errorf("revisions %q and %q", before.Revision, after.Revision)
	}
	if strings.Contains(after.Source, "built in") {
		t.Errorf("source %q", after.Source)
	}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	const prefix = "http://h/b2g/"
	for name, tc := range map[string]struct {
		pattern, name string
		want          bool
	}{
		"OK below":        {prefix, "http://h/b2g/a/1.img", true},
		"OK glob":         {"b2g-*.img", "b2g-1.img", true},
		"bad dots":        {prefix, "http://h/b2g/../x", false},
		"bad escaped":     {prefix, "http://h/b2g/%2e%2e/x", false},
		"bad backslash":   {prefix, `http://h/b2g/..\x`, false},
		"bad host":        {prefix, "http://h.evil/b2g/x", false},
		"bad user":        {prefix, "http://h@evil/b2g/x", false},
		"bad scheme":      {prefix, "https://h/b2g/x", false},
		"bad query":       {prefix, "http://h/b2g/x?y", false},
		"bad glob slash":  {"b2g-*.img", "b2g-/x.img", false},
		"bad glob dots":   {"*/*", "../x", false},
		"bad glob to URL": {"*", "http://h/b2g/x", false},
	} {
		if got := allows(tc.pattern, tc.name); got != tc.want {
			t.Errorf("%s: allows(%q, %q) = %v", name, tc.pattern, tc.name, got)
		}
	}
}

func TestFactsDieWithTheSize(t *testing.T) {
	t.Parallel()
	s, c := fullSite(t)
	build := map[string]string{"build": "1"}
	before, err := c.Resolve(t.Context(), "b2g", "qemu-arm64", build)
	if err != nil {
		t.Fatal(err)
	}
	pinned := before.Artifacts[0].File
	s.put(pinned.Path, []byte("longer"))
	if err := os.Chtimes(filepath.Join(s.dir, "files", pinned.Path), pinned.ModTime, pinned.ModTime); err != nil {
		t.Fatal(err)
	}
	after, err := c.Resolve(t.Context(), "b2g", "qemu-arm64", build)
	if err != nil || after.Artifacts[0].SHA256 == pinned.SHA256 {
		t.Errorf("a longer file under the old time keeps the old hash (%v)", err)
	}
}

func TestResolveWithoutDeviceTree(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := os.Remove(filepath.Join(s.dir, "files/live/omap4/omap4-panda-es.dtb")); err != nil {
		t.Fatal(err)
	}
	_, err := s.must("").Resolve(t.Context(), Maintenance, "panda", nil)
	wants(t, err, "lacks live/omap4/omap4-panda-es.dtb; build it with: mozpool live build --dtb omap4-panda-es.dtb")
}
