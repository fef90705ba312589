package boardsim

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mozpool/netboot/live"
)

// stageOf is a second stage of package live, as the server would send it.
func stageOf(t *testing.T, v live.Vars, body string) string {
	t.Helper()
	v.Disk = "/dev/sim0"
	text, err := live.SecondStage(v, body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestParseStage reads what package live writes, so that the two cannot drift apart.
func TestParseStage(t *testing.T) {
	t.Parallel()
	artifacts := []live.Artifact{
		{Name: "boot", To: "p1", Path: "artifact/boot-1.img", Size: 10, SHA256: digest([]byte("a")), Length: 10, Unpacked: digest([]byte("a"))},
		{Name: "system.v2", To: "p12", Size: 7, SHA256: digest([]byte("b")), Pack: live.XZ, Start: 1 << 20, Length: 4096, Unpacked: digest([]byte("c"))},
		{Name: "disk", To: "disk", Size: 8, SHA256: digest([]byte("d")), Pack: live.GZ, Length: 512, Unpacked: digest([]byte("e")), Blocks: "blocks/disk", BlocksSHA256: digest([]byte("f")), BlockSize: 2 << 20},
	}
	body, err := live.Raw(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	v := live.Vars{URLs: []string{"http://127.0.0.1:1/b/t", "http://127.0.0.2:1/b/t"}, Syslog: "127.0.0.1:514", Image: "v2", Readback: live.ReadbackSampled, Artifacts: artifacts}
	got, err := parseStage(stageOf(t, v, body))
	if err != nil {
		t.Fatal(err)
	}
	want := stage{urls: v.URLs, image: "v2", syslog: "127.0.0.1:514", readback: "sampled", reboots: true,
		writes: []write{{"boot", 1}, {"system.v2", 12}, {"disk", 0}},
		artifacts: map[string]artifact{
			"boot":      {name: "boot", path: "artifact/boot-1.img", size: 10, sha256: digest([]byte("a")), length: 10, unpacked: digest([]byte("a"))},
			"system.v2": {name: "system.v2", path: "artifact/system.v2", size: 7, sha256: digest([]byte("b")), pack: "xz", skip: 1 << 20, length: 4096, unpacked: digest([]byte("c"))},
			"disk": {name: "disk", path: "artifact/disk", size: 8, sha256: digest([]byte("d")), pack: "gz", length: 512, unpacked: digest([]byte("e")),
				blocks: "blocks/disk", blocksSHA256: digest([]byte("f")), blockSize: 2 << 20},
		}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// TestParseBodies tells by the calls of a script what it is for; those of the library before it do not count.
func TestParseBodies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    string
		writes  int
		reboots bool
		does    deed
	}{
		"by hand":      {`mp_write disk "$MP_DISK"; mp_reboot`, 1, true, installs},
		"with more":    {"mp_need sfdisk\n  mp_write disk \"$MP_DISK\"\n\tmp_write boot \"$(mp_part 1)\"\nmp_reboot\n", 2, true, installs},
		"no end":       {`mp_write disk "$MP_DISK"`, 1, false, installs},
		"only talk":    {"# mp_write disk and mp_reboot\nmp_log 'mp_reboot'", 0, false, installs},
		"nothing":      {"", 0, false, installs},
		"maintenance":  {live.Maintenance(), 0, false, maintains},
		"self-test":    {live.SelfTest(), 0, true, tests},
		"own self-run": {"mp_event self_test_running\nmp_event self_test_ok text=good\nmp_reboot", 0, true, tests},
	} {
		got, err := parseStage(stageOf(t, live.Vars{URLs: []string{"http://127.0.0.1:1/b/t"}}, c.body))
		if err != nil || len(got.writes) != c.writes || got.reboots != c.reboots && c.does == installs || got.does != c.does {
			t.Errorf("%s: %d writes, reboots %t, does %d, %v", name, len(got.writes), got.reboots, got.does, err)
		}
	}
}

func TestParseStageFails(t *testing.T) {
	t.Parallel()
	good := stageOf(t, live.Vars{URLs: []string{"http://127.0.0.1:1/b/t"}}, "mp_reboot")
	for name, text := range map[string]string{
		"empty": "", "cut": good[:len(good)-1], "no body": strings.Replace(good, "mp_body() {", "other() {", 1),
		"no server": strings.Replace(good, "MP_URLS='", "MP_X='", 1),
	} {
		if _, err := parseStage(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestParseEntry reads the entries that package images writes, from its golden files.
func TestParseEntry(t *testing.T) {
	t.Parallel()
	golden := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "images", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	panda := parseEntry(golden("entry-panda.txt"))
	boot := "b/" + token + "/"
	if panda.kernel != boot+"kernel" || panda.initrd != boot+"initrd" || panda.fdt != boot+"fdt" ||
		argument(panda.append, "mobile-imaging-url") != "http://10.91.0.1:8000/"+boot+"second-stage.sh" {
		t.Errorf("panda: %+v", panda)
	}
	if card := parseEntry(golden("default.txt")); card != (entry{}) {
		t.Errorf("the card's entry: %+v", card)
	}
	for text, want := range map[string]entry{
		"":                 {},
		"kernel k":         {}, // no label
		"LABEL a\nLINUX k": {kernel: "k"},
		"default b\nlabel a\nkernel 1\nlabel b\n\tkernel 2\n\tappend x  y": {kernel: "2", append: "x  y"},
		"DEFAULT gone\nLABEL a\nKERNEL 1":                                  {kernel: "1"},
	} {
		if got := parseEntry(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if got := argument("a=1 b=2 a=3 aa=4", "a"); got != "3" {
		t.Errorf("a=%s, want the last one", got)
	}
}
