package netboot

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pin/tftp/v3"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mozpool/actors"
	"mozpool/netboot/dumps"
)

// newDumpRig is a rig that takes dumps of at most 16 KiB.
func newDumpRig(t *testing.T) (*rig, *dumps.Store) {
	t.Helper()
	store, err := dumps.Open(dumps.Config{Dir: filepath.Join(t.TempDir(), "dumps"), File: 16 << 10, PerBoard: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	return newRigOf(t, rigOptions{dumps: store}), store
}

// write sends a file as a board does.
func (r *rig) write(t *testing.T, name, text string) error {
	t.Helper()
	c, err := tftp.NewClient(r.Addrs().TFTP.String())
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.Send(name, "octet")
	if err != nil {
		return err
	}
	_, err = to.ReadFrom(strings.NewReader(text))
	return err
}

func (r *rig) dumped(result string) float64 {
	return testutil.ToFloat64(r.cfg.Metrics.dumps.WithLabelValues("r1", result))
}

// TestCrashDump: it is the board's whose address wrote it, and stands in its log.
func TestCrashDump(t *testing.T) {
	t.Parallel()
	r, store := newDumpRig(t)
	if err := r.write(t, "/var/crash/vmcore", strings.Repeat("crash", 1000)); err != nil {
		t.Fatal(err)
	}
	all, err := store.List("board1")
	if err != nil || len(all) != 1 || !strings.HasSuffix(all[0].Name, "-vmcore") || all[0].Size != 5000 {
		t.Errorf("%+v, %v", all, err)
	}
	r.logs.wait(t, "crash dump of 127.0.0.1: "+all[0].Name+", 5000 bytes in ")
	if r.dumped(dumpKept) != 1 {
		t.Error("it was not counted")
	}
	if kinds := r.fleet.kinds(); len(kinds) > 0 {
		t.Errorf("a dump is evidence of nothing: %v", kinds)
	}
}

// TestCrashDumpRefused: beyond the limit, from no board's address, from another rack's, and where none is taken.
func TestCrashDumpRefused(t *testing.T) {
	t.Parallel()
	r, store := newDumpRig(t)
	if err := r.write(t, "vmcore", strings.Repeat("x", 20<<10)); err == nil || !strings.Contains(err.Error(), "16KiB at most") {
		t.Errorf("too long: %v", err)
	}
	r.logs.wait(t, "crash dump vmcore of 127.0.0.1 broke off: TFTP error 3: a crash dump may have 16KiB at most")
	r.fleet.change(func(v *actors.View) { v.Spec.Rack = "r2" })
	if err := r.write(t, "vmcore", "x"); err == nil || !strings.Contains(err.Error(), "no board has the address 127.0.0.1") {
		t.Errorf("a stranger: %v", err)
	}
	if all, err := store.List("board1"); err != nil || len(all) != 0 {
		t.Errorf("kept %+v, %v", all, err)
	}
	if r.dumped(dumpBroken) != 1 || r.dumped(dumpRefused) != 1 {
		t.Errorf("counted %v broken, %v refused", r.dumped(dumpBroken), r.dumped(dumpRefused))
	}
	if err := newRig(t, false).write(t, "vmcore", "x"); err == nil || !strings.Contains(err.Error(), "nothing is written here") {
		t.Errorf("off: %v", err)
	}
}

// TestCrashDumpAnnouncedTooLong: it is refused before a byte of it is on the way, and the board's log says so.
func TestCrashDumpAnnouncedTooLong(t *testing.T) {
	t.Parallel()
	r, _ := newDumpRig(t)
	if got := r.raw(t, "\x00\x02vmcore\x00octet\x00tsize\x0099999\x00"); !strings.HasPrefix(string(got), "\x00\x05\x00\x03a crash dump may have 16KiB") {
		t.Errorf("%q", got)
	}
	r.logs.wait(t, "crash dump vmcore of 127.0.0.1 was refused")
}
