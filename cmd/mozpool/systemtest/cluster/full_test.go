package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mozpool/cmd/mozpool/demo/several"
	"mozpool/cmd/mozpool/systemtest/wire"
	"mozpool/httpapi/client"
	v1 "mozpool/httpapi/v1"
)

const (
	smallDisk = "size=256m"
	// short is less than what a server's journal wants free before it takes a write on, and more than it needs to carry
	// out what others stored; spoilt is less than that too.
	short  = 96 << 20
	spoilt = 8 << 20
)

// mountSmall makes a disk that is small enough to be filled.
func mountSmall(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, smallDisk); err != nil {
		t.Skipf("a small disk cannot be mounted here, not even in a namespace; package replica is told that a disk is full: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fill leaves so many bytes of a server's disk; room makes room again.
func (w *wired) fill(p *several.Process, free int64) {
	w.t.Helper()
	var st syscall.Statfs_t
	w.must(syscall.Statfs(filepath.Dir(w.filler(p)), &st))
	filler, err := os.Create(w.filler(p))
	w.must(err)
	w.must(unix.Fallocate(int(filler.Fd()), 0, 0, int64(st.Bavail)*int64(st.Bsize)-free))
	w.must(filler.Close())
}

func (w *wired) room(p *several.Process) {
	w.t.Helper()
	w.must(os.Remove(w.filler(p)))
}

func (w *wired) filler(p *several.Process) string {
	return filepath.Join(w.disks[w.end(p)-1], "filler")
}

// Disks fill while boards are imaged, of who leads, of one who follows, and of all at once.
func TestFullDisks(t *testing.T) {
	if os.Getenv("MOZPOOL_E2E") != "1" {
		t.Skip("takes a minute: set MOZPOOL_E2E=1 (make e2e) to run it")
	}
	if !wire.Inside(t) {
		return
	}
	w := newWired(t, several.Options{Data: []string{mountSmall(t), mountSmall(t), mountSmall(t)}, Speed: boardSpeed})
	idle := w.Racks[0].Names()[0]
	w.spare[idle] = true

	// A leader would refuse what all store: it gives the lead away, and its racks go as those of a server that is dead.
	w.imaging(3)
	full := w.leader()
	w.fill(full, short)
	w.letsGo(full)
	w.allReady()
	w.room(full)

	// Who follows carries out what others store, until there is no room for that either and its copy stops.
	w.imaging(3)
	full = w.follower()
	w.fill(full, spoilt)
	w.letsGo(full)
	w.until("it to end", func() bool { return !full.Running() })
	w.allReady()
	w.room(full)
	w.back(full)

	// Where nobody has room nothing is taken on, and what was taken on waits for room.
	w.imaging(3)
	for _, p := range w.Servers {
		w.fill(p, short)
	}
	for _, p := range w.Servers {
		w.refused(p, idle)
	}
	for _, p := range w.Servers {
		w.room(p)
	}
	w.allReady()
	if b, err := w.Servers[0].Client().Board(w.ctx, idle); err != nil || b.Attempt != 0 {
		t.Errorf("what was refused was done: %+v, %v", b, err)
	}
	w.judge()
	w.judgeHands()
}

// refused asks a server for an image where nobody can store that: it says so, and shows what it knows.
func (w *wired) refused(p *several.Process, name string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	_, err := p.Client().Image(ctx, name, v1.ImageWish{Image: several.Image})
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.Kind != v1.KindUnavailable {
		w.t.Errorf("%s, whose disk is full as all are, answers a wish with %v", p.Name, err)
	}
	w.t.Logf("%s: %v", p.Name, err)
	if all, err := p.Client().Boards(ctx, client.Query{}); err != nil || len(all) != w.boards {
		w.t.Errorf("%s, whose disk is full as all are, shows %d boards, %v", p.Name, len(all), err)
	}
}
