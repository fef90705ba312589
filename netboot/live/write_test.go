package live

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const writeDisk = `mp_write disk "$MP_DISK"` + "\nmp_reboot\n"

// pack compresses with Go, or with the system's tool for what Go cannot write.
func pack(t *testing.T, kind Pack, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	switch kind {
	case GZ:
		w := gzip.NewWriter(&out)
		_, err := w.Write(content)
		if err != nil || w.Close() != nil {
			t.Fatal("gzip failed")
		}
	case XZ, BZ2:
		tool := map[Pack]string{XZ: "xz", BZ2: "bzip2"}[kind]
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed, so its files are not tested", tool)
		}
		command := exec.Command(tool, "-c")
		command.Stdin, command.Stdout = bytes.NewReader(content), &out
		if err := command.Run(); err != nil {
			t.Fatal(err)
		}
	default:
		out.Write(content)
	}
	return out.Bytes()
}

func TestWriteEveryPacking(t *testing.T) {
	t.Parallel()
	for _, kind := range []Pack{None, GZ, XZ, BZ2} {
		for _, staged := range []bool{true, false} {
			onShells(t, func(t *testing.T, b *board) {
				content := noise(300_000)
				b.artifact("disk", pack(t, kind, content), content, func(a *Artifact) { a.Pack = kind })
				free := "MP_FREE_KB=1000000"
				if !staged {
					free = "MP_FREE_KB=1"
				}
				code, output := b.run(writeDisk, free)
				if disk := b.read("disk"); !bytes.Equal(disk[:len(content)], content) || disk[len(content)] != 0xee || len(disk) != 6<<20 {
					t.Errorf("the disk is not what was to be written\n%s", output)
				}
				want := []string{"event/downloading", "artifact/disk", "event/writing?step=disk", "event/rebooting?readback=disk%3Afull%3A" + digest(content)}
				if !staged {
					want[1], want[2] = want[2], want[1]
				}
				if got := b.srv.asked(); !slices.Equal(got, want) {
					t.Errorf("asked %q, want %q", got, want)
				}
				if code != 1 || !b.has("rebooted") || b.srv.count("progress") == 0 {
					t.Errorf("exit %d, rebooted %v, %d reports\n%s", code, b.has("rebooted"), b.srv.count("progress"), output)
				}
			})
		}
	}
}

// TestGate holds the one rule that keeps cards safe: nothing is written unless
// the server answers 200 to `writing`.
func TestGate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		written bool
	}{
		"yes":                      {[]int{200}, true},
		"unavailable, then yes":    {[]int{503, 503, 200}, true},
		"unknown, then yes":        {[]int{404, 200}, true},
		"409 is not yes":           {[]int{409, 200}, true},
		"500 is not yes":           {[]int{500, 200}, true},
		"over":                     {[]int{410}, false},
		"unavailable, then over":   {[]int{503, 410}, false},
		"409 for ever is never":    {[]int{409}, false},
		"unknown for ever is none": {[]int{404}, false},
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := noise(100_000)
			b.artifact("disk", content, content, nil)
			b.srv.answers["event/writing"] = c.answers
			_, output := b.run(writeDisk)
			if got := b.read("disk")[0] != 0xee; got != c.written {
				t.Errorf("%s: written %v, want %v\n%s", name, got, c.written, output)
			}
			if !b.has("rebooted") {
				t.Errorf("%s: no reboot\n%s", name, output)
			}
			if n := b.srv.count("event/rebooting"); (n == 1) != c.written {
				t.Errorf("%s: %d reports of rebooting", name, n)
			}
		})
	}
}

func TestEventsAreRepeated(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(1000)
		b.artifact("disk", content, content, nil)
		b.srv.answers["event/downloading"] = []int{503, 409}
		b.srv.answers["event/rebooting"] = []int{503, 404, 200}
		_, output := b.run(writeDisk)
		if n := b.srv.count("event/rebooting"); n != 3 || !b.has("rebooted") {
			t.Errorf("rebooting said %d times, want 3\n%s", n, output)
		}
		if n := b.srv.count("event/downloading"); n != 2 {
			t.Errorf("downloading said %d times, want 2: 409 lets the script go on", n)
		}
	})
}

func TestBrokenTransfer(t *testing.T) {
	t.Parallel()
	for _, free := range []string{"MP_FREE_KB=1000000", "MP_FREE_KB=1"} {
		onShells(t, func(t *testing.T, b *board) {
			content := noise(700_000)
			b.artifact("disk", content, content, nil)
			b.srv.cut["artifact/disk"] = 2
			_, output := b.run(writeDisk, free)
			if !bytes.Equal(b.read("disk")[:len(content)], content) || b.srv.count("event/rebooting") != 1 {
				t.Errorf("a transfer that broke off twice did not end well\n%s", output)
			}
			if n := b.srv.count("event/writing"); free == "MP_FREE_KB=1" && n != 3 {
				t.Errorf("the gate was asked %d times for three tries", n)
			}
		})
	}
}

// TestFailures sweeps what can be wrong, and what it is put down to.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(b *board)
		body    string
		want    string // prefix of the report
		clean   bool   // the disk must not have been touched
	}{
		"wrong hash, fetched before": {func(b *board) { b.vars.Artifacts[0].SHA256 = digest(nil) }, writeDisk, "event/failed?part=image", true},
		"wrong hash, streamed": {func(b *board) {
			b.vars.Artifacts[0].SHA256 = digest(nil)
			b.environ = append(b.environ, "MP_FREE_KB=1")
		}, writeDisk, "event/failed?part=image", false},
		"never whole":       {func(b *board) { b.srv.cut["artifact/disk"] = 1 << 30 }, writeDisk, "event/failed?part=network", true},
		"unpacks wrong":     {func(b *board) { b.vars.Artifacts[0].Pack = GZ }, writeDisk, "event/failed?part=image", true},
		"reads back wrong":  {func(b *board) { b.vars.Artifacts[0].Unpacked = digest(nil) }, writeDisk, "event/failed?part=card", false},
		"too large":         {func(b *board) { b.vars.Artifacts[0].Length = 7 << 20 }, writeDisk, "event/failed?part=image", true},
		"no disk":           {func(b *board) { b.vars.Disk = "/dev/none" }, writeDisk, "event/failed?part=card", true},
		"kept range":        {func(b *board) { b.vars.Keep = []string{"0-512"} }, writeDisk, "event/failed?part=image", true},
		"kept end":          {func(b *board) { b.vars.Keep = []string{"199999-1MiB"} }, writeDisk, "event/failed?part=image", true},
		"kept partition":    {func(b *board) { b.vars.Keep = []string{"p1"} }, writeDisk, "event/failed?part=image", true},
		"no such artifact":  {func(*board) {}, "mp_write nothing \"$MP_DISK\"\n", "event/failed?part=image", true},
		"no such key":       {func(*board) {}, "x=$(mp_config key)\nmp_write disk \"$MP_DISK\"\n", "event/failed?part=image", true},
		"no such command":   {func(*board) {}, "mp_need sh no_such_command\nmp_write disk \"$MP_DISK\"\n", "event/failed?part=image", true},
		"ends by itself":    {func(*board) {}, "true\n", "event/failed?part=image", true},
		"dies by itself":    {func(*board) {}, "exit 3\n", "event/failed?part=image", true},
		"no partition":      {func(*board) {}, "mp_write disk \"$(mp_part 5)\"\n", "event/failed?part=card", true},
		"not mounted":       {func(b *board) { b.mkdir("mnt") }, "mp_untar disk mnt\n", "event/failed?part=image", true},
		"says so in a pipe": {func(*board) {}, "mp_fail board 'the fan is loud' | cat\n", "event/failed?part=board", true},
	} {
		onShells(t, func(t *testing.T, b *board) {
			content := noise(200_000)
			b.artifact("disk", content, content, nil)
			c.prepare(b)
			code, output := b.run(c.body)
			failed := slices.DeleteFunc(b.srv.asked(), func(s string) bool { return !strings.HasPrefix(s, "event/failed") })
			if len(failed) != 1 || !strings.HasPrefix(failed[0], c.want) {
				t.Errorf("%s: reported %q, want one %s\n%s", name, failed, c.want, output)
			}
			if code == 0 || b.has("rebooted") || b.srv.count("event/rebooting") > 0 {
				t.Errorf("%s: exit %d, rebooted %v: a failed board must stay as it is\n%s", name, code, b.has("rebooted"), output)
			}
			if clean := !slices.ContainsFunc(b.read("disk"), func(x byte) bool { return x != 0xee }); clean != c.clean {
				t.Errorf("%s: disk untouched %v, want %v", name, clean, c.clean)
			}
		})
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		whole := noise(900_000)
		part := whole[512*300 : 512*900]
		b.artifact("root", pack(t, GZ, whole), part, func(a *Artifact) { a.Pack, a.Start, a.To = GZ, 512*300, "p2" })
		b.partition(2, 1<<20, 1<<20)
		b.vars.Keep = []string{"0-1MiB", "p1"}
		_, output := b.run("mp_write root \"$(mp_part 2)\"\nmp_reboot\n")
		if !bytes.Equal(b.read("disk2")[:len(part)], part) || b.srv.count("event/rebooting") != 1 {
			t.Errorf("the partition was not written\n%s", output)
		}
	})
}

func TestKeptPartition(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]string{"by number": "p2", "by range": "1536KiB-4MiB"} {
		onShells(t, func(t *testing.T, b *board) {
			content := noise(900_000)
			b.artifact("root", content, content, nil)
			b.partition(2, 1<<20, 1<<20)
			b.vars.Keep = []string{keep}
			_, output := b.run("mp_write root \"$(mp_part 2)\"\nmp_reboot\n")
			if slices.ContainsFunc(b.read("disk2"), func(x byte) bool { return x != 0 }) || b.srv.count("event/failed") != 1 {
				t.Errorf("%s: a kept partition was written\n%s", name, output)
			}
		})
	}
}

func TestSampledReadback(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(3_000_000)
		b.artifact("disk", content, content, nil)
		b.vars.Readback = ReadbackSampled
		_, output := b.run(writeDisk)
		if !bytes.Equal(b.read("disk")[:len(content)], content) || !slices.Contains(b.srv.asked(), "event/rebooting?readback=disk%3Asampled%3A-") {
			t.Errorf("asked %q\n%s", b.srv.asked(), output)
		}
	})
}

// TestSampledReadbackFinds changes the card behind the script's back, between
// writing and reading back.
func TestSampledReadbackFinds(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(3_000_000)
		b.artifact("disk", content, content, nil)
		b.vars.Readback = ReadbackSampled
		_, output := b.run("mp_settle() { printf X | dd of=\"$MP_DISK\" bs=1 seek=17 conv=notrunc 2>/dev/null; }\n" + writeDisk)
		if b.srv.count("event/failed?part=card") != 1 {
			t.Errorf("a changed sample was not found\n%s", output)
		}
	})
}

func TestOverWhileWriting(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(4_000_000)
		b.artifact("disk", content, content, nil)
		b.srv.answers["progress"] = []int{200, 410}
		_, output := b.run(writeDisk, "MP_CHUNK=512")
		if b.read("disk")[len(content)-1] != 0xee || b.srv.count("event/rebooting") > 0 || !b.has("rebooted") {
			t.Errorf("went on writing after 410\n%s", output)
		}
	})
}

func TestServersInTurn(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(100_000)
		b.artifact("disk", content, content, nil)
		other := newServer(t)
		other.Close()
		b.vars.URLs = []string{other.base(), b.srv.base()}
		_, output := b.run(writeDisk)
		if !bytes.Equal(b.read("disk")[:len(content)], content) || b.srv.count("event/rebooting") != 1 {
			t.Errorf("the second server was not asked\n%s", output)
		}
	})
}

// A server that knows nothing is asked once, not before each question; one that answers but has not the artifact is left
// for another.
func TestServersByWhatTheyDid(t *testing.T) {
	t.Parallel()
	onShells(t, func(t *testing.T, b *board) {
		content := noise(100_000)
		b.artifact("disk", content, content, nil)
		strange, bare := newServer(t), newServer(t)
		for _, path := range []string{"event/downloading", "event/writing", "event/rebooting", "progress"} {
			strange.answers[path] = []int{http.StatusNotFound}
		}
		bare.answers["artifact/disk"] = []int{http.StatusNotFound}
		b.vars.URLs = []string{strange.base(), bare.base(), b.srv.base()}
		_, output := b.run(writeDisk)
		if !bytes.Equal(b.read("disk")[:len(content)], content) || b.srv.count("event/rebooting") != 1 {
			t.Errorf("the server that has the artifact was not asked\n%s", output)
		}
		if got := strange.asked(); len(got) > 2 { // at first, and when the transfer broke off
			t.Errorf("one that does not know the boot was asked %q\n%s", got, output)
		}
	})
}
