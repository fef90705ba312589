package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestHardwarePush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if code := w.run(t, "hardware", "show", "panda", "-o", "yaml"); code != 0 {
		t.Fatal(w.err.String())
	}
	shown := filepath.Join(t.TempDir(), "panda.yaml")
	writeFile(t, shown, w.out.String())
	entry := filepath.Join(t.TempDir(), "entry.yaml")
	for _, tc := range []struct {
		args  string
		entry string
		code  int
		says  string
		asked string
	}{
		{"push omap5 --live live/omap5 --disk /dev/mmcblk0 --keep p1 --keep 0-4MiB --fdt a.dtb --loader ipxe", "", 0, "0123456789abcdef",
			`put type omap5 {"live":"live/omap5","fdt":"a.dtb","disk":"/dev/mmcblk0","keep":["p1","0-4MiB"],"loader":"ipxe"}`},
		{"push omap5 --live live/omap5", "", ExitUsage, "--disk DEVICE, or -f", ""},
		{"push omap5 -f " + entry + " --disk /dev/sda", "", ExitUsage, "use one", ""},
		{"push omap5 -f " + entry + ".none", "", ExitUsage, "no such file", ""},
		{"push omap5 -f " + entry, "live: live/a\ndisk: /dev/sda\ntftp_window: 1\n", 0, "omap5", `put type omap5 {"live":"live/a","disk":"/dev/sda","tftp_window":1}`},
		{"push omap5 -f " + entry, "live: live/a\ndisc: /dev/sda\n", ExitUsage, "disc", ""},
		{"push omap5 --new -f " + entry, "live: live/a\ndisk: /dev/sda\n", ExitRefused, "it is there", ""},
		{"push panda -f " + shown, "", 0, "panda", `put type panda {"live":"live/omap4","disk":"/dev/mmcblk0","keep":["0-4MiB","p1"]} fedcba9876543210`},
		{"push panda --revision other -f " + shown, "", 0, "panda", `put type panda {"live":"live/omap4","disk":"/dev/mmcblk0","keep":["0-4MiB","p1"]} other`},
		{"push omap5 -f " + shown, "", ExitUsage, "describes panda", ""},
		{"push omap5 --new --revision x -f " + shown, "", ExitUsage, "can't be used together", ""},
		{"remove omap5", "", 0, "", "remove type omap5"},
		{"remove ''", "", ExitUsage, "the name is empty", "remove type omap5"},
		{"push '' --live live/omap5 --disk /dev/vda", "", ExitUsage, "the name is empty", "remove type omap5"},
		{"remove nobody omap5", "", ExitFailed, "nobody", "remove type omap5"},
	} {
		if tc.entry != "" {
			writeFile(t, entry, tc.entry)
		}
		code := w.run(t, words("hardware "+tc.args)...)
		if said := w.out.String() + w.err.String(); code != tc.code || !strings.Contains(said, tc.says) {
			t.Errorf("%s: exit %d, %s", tc.args, code, said)
		}
		if got := w.library.Asked(); tc.asked != "" && got[len(got)-1] != tc.asked {
			t.Errorf("%s asked %q", tc.args, got[len(got)-1])
		}
	}
}
