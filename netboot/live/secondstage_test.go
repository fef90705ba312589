package live

import (
	"strings"
	"testing"
)

func TestCheckScript(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`mp_write disk "$MP_DISK"; mp_reboot`: "",
		"":                                    "",
		`echo {{q .Config.branch}} {{.Board}} {{.MAC}} {{.Boot}}`: "",
		`{{with index .Config "opt"}}echo {{.}}{{end}}`:           "",
		`echo {{.Nothing}}`:                 "template",
		`echo {{.Config.other}}`:            "template",
		`echo {{.Board`:                     "template",
		`if true; then echo`:                "not POSIX sh",
		`echo "unfinished`:                  "not POSIX sh",
		`a=(1 2)`:                           "not POSIX sh",
		`cat <(echo x)`:                     "not POSIX sh",
		`mp_body_ends_here; }; rm -rf /; {`: "not POSIX sh",
		"mount \"$(mp_part 2)\" /mnt; mp_untar rootfs /mnt; umount": "",
	} {
		err := CheckScript(body, "branch")
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", body, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}

func TestBuiltInScriptsAreAcceptable(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"maintenance": Maintenance(), "self-test": SelfTest()} {
		if err := CheckScript(body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range append(libraries, "init", "mobile-init.sh", "udhcpc.sh") {
		if err := CheckScript(script(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGeneratedScripts(t *testing.T) {
	t.Parallel()
	raw, err := Raw([]Artifact{{Name: "boot", To: "p1", Length: 1, Unpacked: digest(nil)}, {Name: "disk", To: "disk", Length: 1, Unpacked: digest(nil)}})
	if err != nil || raw != "mp_write 'boot' \"$(mp_part 1)\"\nmp_write 'disk' \"$MP_DISK\"\nmp_reboot\n" {
		t.Errorf("raw: %q, %v", raw, err)
	}
	text, err := Tar([]Artifact{{Name: "a", To: "p2", Files: "f"}, {Name: "b", To: "p2", Files: "f"}})
	if err != nil || strings.Count(text, "mp_clear") != 1 || strings.Count(text, "mp_untar") != 2 {
		t.Errorf("tar: %q, %v", text, err)
	}
	for name, artifacts := range map[string][]Artifact{
		"none":         nil,
		"nowhere":      {{Name: "a", Length: 1, Unpacked: digest(nil), Files: "f"}},
		"not measured": {{Name: "a", To: "disk"}},
	} {
		if _, err := Raw(artifacts); err == nil {
			t.Errorf("raw, %s: no error", name)
		}
		if _, err := Tar(artifacts); err == nil {
			t.Errorf("tar, %s: no error", name)
		}
	}
}

func TestVarsAreRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(v *Vars){
		"no server URL":    func(v *Vars) { v.URLs = nil },
		"not of the form":  func(v *Vars) { v.URLs = []string{"http://a/b c"} },
		"no absolute path": func(v *Vars) { v.Disk = "vda" },
		"keep":             func(v *Vars) { v.Keep = []string{"all"} },
		"readback":         func(v *Vars) { v.Readback = "most" },
		"config key":       func(v *Vars) { v.Config = map[string]string{"a;b": ""} },
		"64 hex":           func(v *Vars) { v.Artifacts = []Artifact{{Name: "a", SHA256: "x"}} },
		"the name":         func(v *Vars) { v.Artifacts = []Artifact{{Name: "../a"}} },
		"boards unpack":    func(v *Vars) { v.Artifacts = []Artifact{{Name: "a", SHA256: digest(nil), Pack: "rar"}} },
		"within a sector":  func(v *Vars) { v.Artifacts = []Artifact{{Name: "a", SHA256: digest(nil), Start: 7}} },
		"neither disk":     func(v *Vars) { v.Artifacts = []Artifact{{Name: "a", SHA256: digest(nil), To: "sda"}} },
	} {
		v := sample()
		change(&v)
		if _, err := SecondStage(v, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

// TestValuesStayValues hands the shell everything that it would like to execute.
func TestValuesStayValues(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		evil := "a'b\"; touch " + b.path("evil") + " #$(touch " + b.path("evil") + ")`id`\nline\\"
		b.vars.Config = map[string]string{"key": evil}
		b.vars.Board = "x\ntouch " + b.path("evil")
		b.vars.Image = evil
		_, output := b.run("mp_config key >" + b.path("one") + "\nprintf '%s\\n' {{q .Config.key}} \"$MP_IMAGE\" >" + b.path("two") + "\nmp_leave\n")
		if b.has("evil") {
			t.Error("a value was executed")
		}
		if got := string(b.read("one")) + string(b.read("two")); got != strings.Repeat(evil+"\n", 3) {
			t.Errorf("got %q\n%s", got, output)
		}
	})
}

func TestParseArea(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"p1": "p1", "p12": "p12", "0-4MiB": "0-4194304", "512-1KiB": "512-1024", "1 GiB-2GiB": "1073741824-2147483648", "0-10B": "0-10",
		"": "", "p0": "", "p": "", "px": "", "4MiB": "", "4MiB-0": "", "0-0": "", "-1-4": "", "0-4MB": "", "0-99999999999GiB": "",
	} {
		area, err := ParseArea(text)
		if got := area.String(); (err != nil) != (want == "") || err == nil && got != want {
			t.Errorf("%q: %s, %v, want %q", text, got, err, want)
		}
	}
}

func TestPackOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Pack{"a.img": None, "a.img.gz": GZ, "a.tgz": GZ, "a.tar.xz": XZ, "a.bz2": BZ2, "gz": None} {
		if got := PackOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
