package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// given writes a file outside of any site, as somebody has downloaded it.
func given(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExamine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		data  []byte
		parts int
		tar   bool
	}{
		"v2.img":        {mbrDisk(), 4, false},
		"v2.img.gz":     {gz(mbrDisk()), 4, false},
		"v2.img.xz":     {xzOf(gptDisk()), 1, false},
		"bare.ext4":     {make([]byte, 4096), 0, false},
		"rootfs.tar.xz": {xzOf(tarOf("etc/passwd")), 0, true},
		"rootfs.tgz":    {gz(tarOf("etc/passwd")), 0, true},
	} {
		e, err := Examine(given(t, name, tc.data))
		if err != nil || len(e.Partitions) != tc.parts || e.Archive != tc.tar || len(e.SHA256) != 64 || e.Size != int64(len(tc.data)) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if !tc.tar && e.Unpacked.Size < 4096 {
			t.Errorf("%s unpacks to %d bytes", name, e.Unpacked.Size)
		}
	}
}

// TestExamineAsLoadDoes: what is said before is what the catalogue says once the file is listed.
func TestExamineAsLoadDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.put("artifacts/v2.img.gz", gz(mbrDisk()))
	e, err := Examine(filepath.Join(s.dir, "files/artifacts/v2.img.gz"))
	if err != nil {
		t.Fatal(err)
	}
	s.must(image("file: v2.img.gz, sha256: " + e.SHA256))
}

func TestExamineRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for want, path := range map[string]string{
		"there is no file":                                     filepath.Join(folder, "none.img"),
		"not a regular file":                                   folder,
		"is empty; copy it again":                              given(t, "empty.img", nil),
		"unpacks to nothing":                                   given(t, "nothing.img.gz", gz(nil)),
		"cannot be unpacked: unpack: unexpected EOF":           given(t, "torn.img.gz", gz(mbrDisk())[:60]),
		"cannot be unpacked: unpack as xz":                     given(t, "text.img.xz", []byte("<!DOCTYPE html>")),
		"packed with xz, and its name does not say so":         given(t, "v2.img", xzOf(mbrDisk())),
		"rename it to v2.bin.gz":                               given(t, "v2.bin", gz(mbrDisk())),
		"v2.img.zst cannot be unpacked":                        given(t, "v2.img.zst", []byte("\x28\xb5\x2f\xfd and more")),
		"unpack it with unzip -p and pack it with xz":          given(t, "v2.img", []byte("PK\x03\x04 and more")),
		"of the form lzo, which is not understood":             given(t, "v2.img.lzo", []byte("what it says")),
		"of the form sparse Android image":                     given(t, "system.img", []byte("\x3a\xff\x26\xed and more")),
		"of the form qcow2":                                    given(t, "cloud.img", []byte("QFI\xfb and more")),
		"rename it to v2.img.gz":                               given(t, "v2.img.xz", gz(xzOf(mbrDisk()))),
		"files are plain, .gz, .xz, .bz2 or .zst: unpack it w": given(t, "x.7z", []byte("y")),
	} {
		if e, err := Examine(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want an error with %q", path, e, err, want)
		}
	}
}

func TestOverwrites(t *testing.T) {
	t.Parallel()
	h := builtinHardware()["panda"]
	for name, tc := range map[string]struct {
		to   string
		size int64
		want int
	}{"disk": {"disk", 1, 2}, "kept": {"p1", 1, 1}, "free": {"p2", 8 << 20, 0}} {
		if got := h.Overwrites(tc.to, tc.size); len(got) != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	h.Keep = []Area{{Start: 4 << 20, End: 8 << 20}}
	if h.Overwrites("disk", 4<<20) != nil || h.Overwrites("disk", 4<<20+1) == nil {
		t.Error("an image reaches an area exactly when it is longer than the area's start")
	}
}
