package live

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// archive is a tar of the files, and the list that the catalogue makes of it.
func archive(t *testing.T, files ...[2]string) (archive, list []byte) {
	t.Helper()
	var out, sums bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&sums, "%s  %s\n", digest([]byte(f[1])), f[0])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), sums.Bytes()
}

// mounted gives the board an archive and a directory that counts as mounted.
func mounted(t *testing.T, b *board) (list []byte) {
	t.Helper()
	content, list := archive(t, [2]string{"etc/hostname", "board1\n"}, [2]string{"a b", strings.Repeat("x", 100_000)}, [2]string{"empty", ""})
	b.artifact("rootfs", pack(t, GZ, content), nil, func(a *Artifact) {
		a.Pack, a.To, a.Files, a.FilesSHA256 = GZ, "p2", "artifact/rootfs.files", digest(list)
	})
	b.srv.files["artifact/rootfs.files"] = list
	b.partition(2, 1<<20, 4<<20)
	b.write("mounts", fmt.Appendf(nil, "none / rootfs rw 0 0\n%s %s ext4 rw 0 0\n", b.path("disk2"), b.mkdir("mnt")))
	b.write("mnt/old", []byte("of the image before"))
	return list
}

func untarBody(b *board) string {
	return fmt.Sprintf("mp_clear %[1]s\nmp_untar rootfs %[1]s\nmp_reboot\n", b.path("mnt"))
}

func TestUntar(t *testing.T) {
	t.Parallel()
	for _, free := range []string{"MP_FREE_KB=1000000", "MP_FREE_KB=1"} {
		onShells(t, func(t *testing.T, b *board) {
			list := mounted(t, b)
			_, output := b.run(untarBody(b), free)
			if !b.has("mnt/etc/hostname") || b.has("mnt/old") {
				t.Errorf("files are missing, or old ones are still there\n%s", output)
			}
			if want := "event/rebooting?readback=rootfs%3Afull%3A" + digest(list); !slices.Contains(b.srv.asked(), want) {
				t.Errorf("asked %q, want %s\n%s", b.srv.asked(), want, output)
			}
		})
	}
}

func TestUntarRefuses(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(b *board){
		"kept partition": func(b *board) { b.vars.Keep = []string{"p2"} },
		"kept range":     func(b *board) { b.vars.Keep = []string{"0-2MiB"} },
		"not mounted":    func(b *board) { b.write("mounts", nil) },
		"over":           func(b *board) { b.srv.answers["event/writing"] = []int{410} },
	} {
		onShells(t, func(t *testing.T, b *board) {
			mounted(t, b)
			prepare(b)
			_, output := b.run(untarBody(b))
			if !b.has("mnt/old") || b.has("mnt/empty") || b.srv.count("event/rebooting") > 0 {
				t.Errorf("%s: files were changed\n%s", name, output)
			}
		})
	}
}

// TestUntarReadsBack changes a file between writing and reading back.
func TestUntarReadsBack(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		mounted(t, b)
		_, output := b.run("mp_settle() { echo changed >" + b.path("mnt/empty") + "; }\n" + untarBody(b))
		if b.srv.count("event/failed?part=card") != 1 {
			t.Errorf("a changed file was not found: %q\n%s", b.srv.asked(), output)
		}
	})
}

func TestSelfTest(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		b.partition(1, 1<<20, 1<<20)
		b.srv.files["kernel"] = noise(100_000)
		before := b.read("disk")
		b.write("disk", noise(len(before)))
		before = b.read("disk")
		_, output := b.run(SelfTest(), "MP_FREE_KB=16384")
		if b.srv.count("event/self_test_ok") != 1 || !b.has("rebooted") {
			t.Errorf("asked %q\n%s", b.srv.asked(), output)
		}
		if !bytes.Equal(before, b.read("disk")) {
			t.Error("the self-test changed the disk")
		}
		for _, word := range []string{"memory ok", "card has 6 MiB", "card reads ok", "card writes ok at MiB 2", "network ok", "clock differs"} {
			if !strings.Contains(output, word) {
				t.Errorf("no %q in\n%s", word, output)
			}
		}
	})
}

func TestSelfTestFindsNoCard(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		b.vars.Disk = b.path("none")
		_, output := b.run(SelfTest(), "MP_FREE_KB=16384")
		if b.srv.count("event/failed?part=card&step=card") != 1 || b.srv.count("event/self_test_ok") > 0 {
			t.Errorf("asked %q\n%s", b.srv.asked(), output)
		}
	})
}

func TestMaintenanceEndsWhenOver(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		b.srv.answers["event/maintenance_up"] = []int{200, 200, 410}
		_, output := b.run(Maintenance(), "MP_MAINTENANCE_EVERY=0", "PATH="+os.Getenv("PATH")+":"+b.mkdir("bin"))
		if b.srv.count("event/maintenance_up") != 3 || !b.has("rebooted") || !strings.Contains(output, "get in by") {
			t.Errorf("asked %q\n%s", b.srv.asked(), output)
		}
	})
}

// firstStage runs mobile-init.sh with a kernel command line.
func firstStage(b *board, cmdline string, environ ...string) string {
	b.write("cmdline", []byte(cmdline))
	b.write("mobile-init.sh", []byte(script("mobile-init.sh")))
	_, output := b.execute("mobile-init.sh", append(environ, "MP_CMDLINE="+b.path("cmdline"), "MP_SETDATE=echo")...)
	return output
}

func TestFirstStage(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		marker := filepath.Join(b.dir, "ran")
		b.srv.files["second-stage.sh"] = []byte("touch " + marker + "\n" + endLine)
		b.srv.answers["second-stage.sh"] = []int{503, 404, 200}
		b.srv.cut["second-stage.sh"] = 1
		output := firstStage(b, "console=ttyS0 mobile-imaging-url="+b.srv.base()+"/second-stage.sh panic=10")
		if !b.has("ran") || !b.has("rebooted") || b.srv.count("second-stage.sh") < 4 {
			t.Errorf("ran %v, rebooted %v, asked %d times\n%s", b.has("ran"), b.has("rebooted"), b.srv.count("second-stage.sh"), output)
		}
	})
}

func TestFirstStageGivesUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer int
		word   string
	}{"over": {410, "is over"}, "never": {503, "no second stage"}} {
		onShells(t, func(t *testing.T, b *board) {
			b.srv.answers["second-stage.sh"] = []int{c.answer}
			output := firstStage(b, "mobile-imaging-url="+b.srv.base()+"/second-stage.sh", "MP_RETRY_FOR=1")
			if !b.has("rebooted") || !strings.Contains(output, c.word) {
				t.Errorf("%s: rebooted %v\n%s", name, b.has("rebooted"), output)
			}
		})
	}
	onShells(t, func(t *testing.T, b *board) {
		if output := firstStage(b, "quiet"); !strings.Contains(output, "no mobile-imaging-url") || !b.has("rebooted") {
			t.Errorf("without a URL: %s", output)
		}
	})
}
