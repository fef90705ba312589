package netboot

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"mozpool/netboot/images"
	"mozpool/netboot/live"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/NAME, the server's ports taken for the usual ones.
func (r *rig) golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = bytes.ReplaceAll(got, []byte(r.Addrs().HTTP.String()), []byte("127.0.0.1:8000"))
	got = bytes.ReplaceAll(got, []byte(r.Addrs().Syslog.String()), []byte("127.0.0.1:514"))
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

func TestEntryIsGolden(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	got, err := r.read(t, "pxelinux.cfg/01-52-54-00-01-00-01")
	if err != nil {
		t.Fatal(err)
	}
	r.golden(t, "entry.txt", []byte(got))
}

// TestSecondStages: what differs from image to image; the library between is live's and tested there.
func TestSecondStages(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	raw := *order(r.fleet.view)
	script := raw
	script.Install, script.Artifacts = images.InstallScript, nil
	for name, text := range map[string]string{
		"raw": "", "maintenance": live.Maintenance(), "self-test": live.SelfTest(),
		"script": "mp_log {{q .Image}} from %IPADDRESS% build {{.Config.build}}\nmp_reboot\n",
	} {
		o := raw
		if text != "" {
			o = script
			o.Script = text
		}
		got, err := r.stage(r.fleet.view, &o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(got), name); err != nil {
			t.Errorf("%s is no script: %v", name, err)
		}
		head, rest, ok := strings.Cut(string(got), "\n}\n\n#") // variables, before the library
		i := strings.LastIndex(rest, "\nmp_body() {")
		if !ok || i < 0 {
			t.Fatalf("%s has another shape: %.300s", name, got)
		}
		r.golden(t, "stage-"+name+".sh", []byte(head+"\n}\n\n# (the library)\n"+rest[i:]))
	}
	broken := script
	broken.Script = "mp_log {{.Config.none}}\n"
	if _, err := r.stage(r.fleet.view, &broken); err == nil {
		t.Error("a key that is missing was taken for empty")
	}
}
