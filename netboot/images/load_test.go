package images

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadBad(t *testing.T) {
	t.Parallel()
	raw := func(keys string) string { return "images:\n- {name: a, install: raw, " + keys + "}\n" }
	art := func(keys string) string { return raw("artifacts: [{name: d, file: disk.img, " + keys + "}]") }
	for name, tc := range map[string]struct{ yaml, want string }{
		"bad missing file":      {image("file: none.img"), "artifacts[0].file: there is no artifacts/none.img below files; copy it"},
		"bad empty file":        {image("file: empty.img"), "is empty"},
		"bad empty gz":          {image("file: empty.img.gz"), "unpacks to nothing"},
		"bad sha256":            {image("file: disk.img, sha256: " + strings.Repeat("a", 64)), "artifacts[0].sha256: artifacts/disk.img has sha256"},
		"bad sha256 form":       {image("file: disk.img, sha256: abc"), "is no sha256"},
		"bad compression":       {image("file: torn.img.gz"), "does its suffix tell"},
		"bad not compressed":    {image("file: plain.img.xz"), "unpack as xz"},
		"bad traversal":         {image("file: ../live/arm64/initrd"), "is no file below artifacts"},
		"bad link out":          {image("file: link.img"), "path escapes"},
		"bad folder":            {image("file: ."), "no file below artifacts"},
		"bad keep disk":         {"images:\n- {name: a, install: raw, hardware: [panda], artifacts: [{name: d, file: disk.img, to: disk}]}\n", "would overwrite 0-4MiB of panda, which holds its boot loader; write its partitions one by one"},
		"bad keep remedy":       {"images:\n- {name: a, install: raw, hardware: [panda], artifacts: [{name: d, file: disk.img, to: disk}]}\n", "p2 (8KiB-12KiB, type 0x83)"},
		"bad keep partition":    {"images:\n- {name: a, install: raw, hardware: [panda], artifacts: [{name: d, file: disk.img, part: 2, to: p1}]}\n", "would overwrite p1 of panda"},
		"bad part":              {art("part: 9, to: p2"), "artifacts[0].part: artifacts/disk.img: there is no partition 9"},
		"bad part of no table":  {image("file: plain.img.xz2, part: 1"), "it has no partition table"},
		"bad to":                {art("to: p0"), "no place on a board"},
		"bad no to":             {raw("artifacts: [{name: d, file: disk.img}]"), "artifact d has no to"},
		"bad tar to disk":       {"images:\n- {name: a, install: tar, artifacts: [{name: d, file: root.tar.gz, to: disk}]}", "an archive goes into a partition"},
		"bad tar traversal":     {"images:\n- {name: a, install: tar, artifacts: [{name: d, file: evil.tar, to: p2}]}", "unpacked outside its folder"},
		"bad tar":               {"images:\n- {name: a, install: tar, artifacts: [{name: d, file: disk.img, to: p2}]}", "read the archive"},
		"bad no install":        {"images:\n- {name: a, artifacts: [{name: d, file: disk.img, to: disk}]}", "does not say how it is installed"},
		"bad install":           {"images:\n- {name: a, install: rwa}", "did you mean raw?"},
		"bad nothing":           {raw("readback: off"), "nothing to install"},
		"bad script missing":    {"images:\n- {name: a, install: script, script: scripts/none.sh}", "mend the script"},
		"bad script none":       {"images:\n- {name: a, install: script}", "has no script"},
		"bad script refused":    {"images:\n- {name: a, install: script, script: scripts/bad.sh}", "bad word"},
		"bad script useless":    {raw("script: scripts/x.sh, artifacts: [{name: d, file: disk.img, to: disk}]"), "never run"},
		"bad template no allow": {"images:\n- {name: a, install: raw, config_keys: [b], artifacts: [{name: d, file: \"{{.Config.b}}.img\", to: disk}]}", "without allow"},
		"bad template prefix":   {"images:\n- {name: a, install: raw, config_keys: [b], artifacts: [{name: d, file: \"{{.Config.b}}.img\", to: disk, allow: [\"http://x\"]}]}", "is no URL prefix"},
		"bad template key":      {image(`file: "{{.Config.b}}.img", allow: ["*"]`), "each KEY listed in config_keys"},
		"bad template syntax":   {image(`file: "{{.Config.", allow: ["*"]`), "not a template"},
		"bad allow useless":     {art(`to: disk, allow: ["*"]`), "means nothing for a file without a template"},
		"bad name":              {"images:\n- {name: a/b, install: raw, artifacts: [{name: d, file: disk.img, to: disk}]}", "cannot be the name of an image"},
		"bad built-in name":     {"images:\n- {name: mozpool/x, install: raw, artifacts: [{name: d, file: disk.img, to: disk}]}", "are built in"},
		"bad twice":             {image("file: disk.img") + "- {name: v2, install: raw, artifacts: [{name: d, file: disk.img, to: disk}]}", "described twice, first on line 2"},
		"bad hardware name":     {raw("hardware: [pnada], artifacts: [{name: d, file: disk.img, to: disk}]"), "did you mean panda?"},
		"bad verify tcp":        {raw("verify: {kind: tcp}, artifacts: [{name: d, file: disk.img, to: disk}]"), "kind: tcp needs port"},
		"bad verify ping port":  {raw("verify: {kind: ping, port: 5}, artifacts: [{name: d, file: disk.img, to: disk}]"), "means nothing for kind: ping"},
		"bad verify url":        {raw("verify: {kind: http, url: \"ftp://x\"}, artifacts: [{name: d, file: disk.img, to: disk}]"), "cannot be asked"},
		"bad limits":            {raw("limits: {writting: 1m}, artifacts: [{name: d, file: disk.img, to: disk}]"), "did you mean writing?"},
		"bad compat":            {raw("compat: ios, artifacts: [{name: d, file: disk.img, to: disk}]"), "old API"},
		"bad config key":        {raw("config_keys: [a-b], artifacts: [{name: d, file: disk.img, to: disk}]"), "cannot be a config key"},
		"bad keep form":         {"hardware: {x: {live: live/x, disk: /dev/vda, keep: [4MiB]}}", "is no area of a disk"},
		"bad disk":              {"hardware: {x: {live: live/x, disk: vda}}", "is no disk"},
		"bad block":             {"hardware: {x: {live: live/x, disk: /dev/vda, tftp_block: 100}}", "no block has 100 bytes"},
		"bad window":            {"hardware: {x: {live: live/x, disk: /dev/vda, tftp_window: -1}}", "no window has -1 blocks"},
		"bad live":              {"hardware: {x: {live: ../x, disk: /dev/vda}}", "no folder below files"},
		"bad self test":         {"hardware: {x: {live: live/x, disk: /dev/vda, self_test: mozpool/selftest}}", "did you mean mozpool/self-test?"},
		"bad entry":             {"hardware: {x: {live: live/x, disk: /dev/vda, entry: scripts/bad.entry}}", "hardware.x.entry: "},
		"bad entry lost":        {"hardware: {x: {live: live/x, disk: /dev/vda, entry: scripts/lost.entry}}", "use APPEND {{.Append}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.put("artifacts/disk.img", mbrDisk())
			s.put("artifacts/empty.img", nil)
			s.put("artifacts/empty.img.gz", gz(nil))
			s.put("artifacts/torn.img.gz", gz(mbrDisk())[:60])
			s.put("artifacts/plain.img.xz", []byte("not packed at all"))
			s.put("artifacts/plain.img.xz2", []byte("not packed at all"))
			s.put("artifacts/root.tar.gz", gz(tarOf("etc/passwd")))
			s.put("artifacts/evil.tar", tarOf("../../etc/passwd"))
			s.put("scripts/bad.sh", []byte("bad"))
			s.put("scripts/bad.entry", []byte("KERNEL {{.Kernle}}"))
			s.put("scripts/lost.entry", []byte("KERNEL {{.Kernel}}"))
			if err := os.Symlink("/etc/passwd", filepath.Join(s.dir, "files/artifacts/link.img")); err != nil {
				t.Fatal(err)
			}
			o := s.options(tc.yaml)
			o.CheckScript = func(_, body string, _ []string) error {
				if body == "bad" {
					return errors.New("bad word")
				}
				return nil
			}
			c, problems := Load(o)
			wants(t, problems.Err(), tc.want)
			if c != nil {
				t.Error("a catalogue beside problems")
			}
		})
	}
}

func TestLoadReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, problems := s.load(image("file: none.img") + "- {name: b/c, install: raw, artifacts: [{name: x, file: no.img, to: p0}]}\n")
	if len(problems) != 4 {
		t.Errorf("want 4 problems, got %d:\n%s", len(problems), problems.Error())
	}
}

func TestLoadWithoutFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("")
	o.Path += ".none"
	c, problems := Load(o)
	if problems != nil || len(c.Images()) != 2 || len(c.Hardware()) != 3 {
		t.Errorf("want what is built in, got %v, %v", c, problems)
	}
	if h, ok := c.HardwareType("panda"); !ok || len(h.Keep) != 2 || h.Keep[0].String() != "0-4MiB" {
		t.Errorf("panda: %+v", h)
	}
}

func TestIndexMakesTheNextLoadInstant(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/v2.img.gz", gz(mbrDisk()))
	yaml := image("file: v2.img.gz")
	first := s.must(yaml)
	if _, err := os.Stat(filepath.Join(s.dir, "store", "index.json")); err != nil {
		t.Fatal(err)
	}
	second := s.must(yaml)
	a, _ := first.Image("v2")
	b, _ := second.Image("v2")
	if a.Revision == "" || a.Revision != b.Revision {
		t.Errorf("revisions %q and %q of one content", a.Revision, b.Revision)
	}
	// With the facts known, nothing is read: break the index to see that it is used.
	second.index.files["files:artifacts/v2.img.gz"] = withSum(second.index.files["files:artifacts/v2.img.gz"], strings.Repeat("e", 64))
	second.index.dirty = true
	if err := second.index.save(); err != nil {
		t.Fatal(err)
	}
	third := s.must(yaml)
	if c, _ := third.Image("v2"); c.Revision == a.Revision {
		t.Error("the file was hashed again although size and time are those of the index")
	}
}

func withSum(f facts, sum string) facts {
	f.SHA256 = sum
	return f
}
