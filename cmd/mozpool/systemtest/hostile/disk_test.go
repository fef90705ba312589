package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mozpool/cmd/mozpool/systemtest/port"
)

// ownDisk gives the server's process a small disk for its data folder, in a mount namespace of its own, which without
// root takes a user namespace. more are mount options.
func (r *rack) ownDisk(more string) {
	r.t.Helper()
	must(r.t, os.MkdirAll(filepath.Join(r.dir, "data"), 0o755))
	r.inside = []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		r.inside = append(r.inside, "--user", "--map-root-user")
	}
	script := `mount -t tmpfs -o size=160m` + more + ` tmpfs "$0" && exec "$@"`
	r.inside = append(r.inside, "sh", "-c", script, filepath.Join(r.dir, "data"))
	if out, err := r.command("version").CombinedOutput(); err != nil {
		r.t.Skipf("a small disk cannot be mounted here, not even in a namespace; package persistence fills one through its seam: %v: %s", err, out)
	}
}

// onDisk is the data folder as the server sees it.
func (r *rack) onDisk(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", r.child.Process.Pid), r.dir, "data", name)
}

// fill leaves 8 MiB on the disk, which is less than the journal asks for, and gives what is to be removed again.
func (r *rack) fill() string {
	r.t.Helper()
	var st syscall.Statfs_t
	must(r.t, syscall.Statfs(r.onDisk("."), &st))
	filler := r.onDisk("filler")
	must(r.t, os.WriteFile(filler, make([]byte, int64(st.Bavail)*int64(st.Bsize)-8<<20), 0o644))
	return filler
}

// TestFullDisk: wishes are refused with the reason, a board in mid-work is not cut, and room alone heals it.
func TestFullDisk(t *testing.T) {
	r := newRack(t, 1, "127.98.0.0")
	r.ownDisk("")
	r.start()
	token := r.bootByHand()
	for _, event := range []string{"mobile_init_started", "downloading"} {
		if got := r.event(token, event); got != 200 {
			t.Fatalf("%s: %d", event, got)
		}
	}
	filler := r.fill()
	before := r.snapshot()
	a := r.wish(r.names()[0])
	if a.status != 503 {
		t.Errorf("a wish: %+v", a)
	}
	says(t, a.body, "disk full", "MiB", "make room", "no restart is needed")
	ready := r.get("/readyz")
	if ready.status != 503 {
		t.Errorf("readyz: %+v", ready)
	}
	says(t, ready.body, "journal stores nothing", "disk full", "no restart is needed")
	if r.get("/livez").status != 200 {
		t.Error("a supervisor would restart it")
	}
	if got := r.event(token, "writing"); got != 503 {
		t.Errorf("the write gate opened without a commit: %d", got)
	}
	r.unmoved(before)
	must(t, os.Remove(filler))
	r.until("it is ready again", func() bool { return r.get("/readyz").status == 200 })
	r.until("the write gate opens", func() bool { return r.event(token, "writing") == 200 })
	if b := r.board(byHand); b.State != "writing" || b.Attempt != 1 {
		t.Errorf("the board that was at work: %+v", b)
	}
	r.image(r.names()...)
	r.allReady()
}

// TestReadOnlyDisk: a server that cannot store says so and does not start.
func TestReadOnlyDisk(t *testing.T) {
	r := newRack(t, 1, "127.99.0.0")
	r.ownDisk(",ro")
	code, said := r.refuses()
	if code == 0 {
		t.Error("it ended well")
	}
	says(t, said, filepath.Join(r.dir, "data"), "read-only", "write access")
}

// TestFoldersOfOthers: a folder in use, and one that another version wrote.
func TestFoldersOfOthers(t *testing.T) {
	r := newRack(t, 1, "127.100.0.0")
	r.write("newer/journal/FORMAT", "mozpool journal 3\n")
	code, said := r.refuses("--data", filepath.Join(r.dir, "newer"))
	if code == 0 {
		t.Error("it took a folder of a newer version")
	}
	says(t, said, "mozpool journal 3", "use the version that wrote it")
	r.start()
	before := r.snapshot()
	code, said = r.refuses("--listen", fmt.Sprintf("127.0.0.1:%d", port.Free(t)))
	if code == 0 {
		t.Error("a second server on the folder")
	}
	says(t, said, fmt.Sprintf("another mozpool (pid %d)", r.child.Process.Pid), filepath.Join(r.dir, "data", "journal"))
	r.unmoved(before)
}

// TestFolderTakenAway: a data folder deleted under the server is said, and no board is switched.
func TestFolderTakenAway(t *testing.T) {
	r := newRack(t, 1, "127.101.0.0")
	r.start()
	before := r.snapshot()
	must(t, os.RemoveAll(filepath.Join(r.dir, "data")))
	ready := r.get("/readyz")
	if ready.status != 503 {
		t.Errorf("readyz: %+v", ready)
	}
	says(t, ready.body, "journal stores nothing", filepath.Join(r.dir, "data", "journal"))
	if a := r.wish(byHand); a.status != 503 {
		t.Errorf("a wish: %+v", a)
	}
	r.unmoved(before)
}

// TestClocks: a server in 1970 or 2100 images boards all the same.
func TestClocks(t *testing.T) {
	for base, offset := range map[string]string{"127.102.0.0": "-490000h", "127.103.0.0": "640000h"} {
		t.Run(offset, func(t *testing.T) {
			r := newRack(t, 1, base)
			r.env = []string{"MOZPOOL_TEST_CLOCK_OFFSET=" + offset}
			r.start()
			r.image(r.names()...)
			r.allReady()
		})
	}
}
