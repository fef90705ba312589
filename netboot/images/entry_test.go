package images

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRenderEntry(t *testing.T) {
	t.Parallel()
	boot := Boot{Server: "10.91.0.1", Port: 8000, Token: "abcdefghijklmnopqrstuvwxyz", Board: "board1", MAC: "52:54:00:01:00:01", Rack: "r1", Attempt: 7, Boot: 9}
	six := boot
	six.Server = "fd00::1"
	panda := Machine{Name: "panda", Append: "console=ttyO2 root=%IPADDRESS%", Disk: "/dev/mmcblk0", FDT: &File{}, Squashfs: &File{}}
	own := panda
	own.Entry = "# {{.Board}} {{.MAC}} {{.Rack}} {{.Image}} {{.Attempt}} {{.Boot}} {{.Disk}} {{.Config.build}} %IPADDRESS%\nAPPEND {{.Append}}\n\n\n"
	for name, tc := range map[string]struct {
		machine Machine
		boot    Boot
	}{
		"arm64": {Machine{Name: "qemu-arm64", Append: "console=ttyAMA0 panic=10"}, boot},
		"panda": {panda, boot},
		"bare":  {Machine{Name: "bare"}, six},
		"own":   {own, boot},
	} {
		o := Order{Image: "v2", Hardware: tc.machine, Config: map[string]string{"build": "42"}}
		got, err := RenderEntry(PXELINUX, o, VarsOf(o, tc.boot))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "entry-"+name+".txt", got)
	}
	golden(t, "default.txt", []byte(DefaultEntry))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("differs from %s (err %v), see -update:\n%s", path, err, got)
	}
}

func TestRenderEntryMissingKey(t *testing.T) {
	t.Parallel()
	o := Order{Hardware: Machine{Entry: "{{.Config.none}}"}}
	_, err := RenderEntry(PXELINUX, o, VarsOf(o, Boot{}))
	wants(t, err, `no entry for key "none"`)
}

func TestEntryWarnings(t *testing.T) {
	t.Parallel()
	if w := EntryWarnings([]byte("APPEND " + strings.Repeat("a", maxAppend) + "\n")); w != nil {
		t.Errorf("OK: %q", w)
	}
	if w := EntryWarnings([]byte("  APPEND " + strings.Repeat("a", maxAppend+1))); len(w) != 1 {
		t.Errorf("bad: %q", w)
	}
}
