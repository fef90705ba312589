package persistence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestReadySaysWhatACommitWould(t *testing.T) {
	t.Parallel()
	var free atomic.Uint64
	free.Store(1 << 30)
	dir := filepath.Join(t.TempDir(), "journal")
	gone := false
	j := openTest(t, dir, Options{freeSpace: func(d string) (uint64, error) {
		if gone {
			return FreeSpace(d)
		}
		return free.Load(), nil
	}})
	must(t, j.Ready(t.Context()))
	free.Store(1 << 20)
	if err := j.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no restart is needed") {
		t.Errorf("full: %v", err)
	}
	free.Store(1 << 30)
	must(t, j.Ready(t.Context()))
	gone = true // the writer asks only while a call waits for it
	must(t, os.Rename(dir, dir+".moved"))
	if err := j.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), dir) {
		t.Errorf("moved away: %v", err)
	}
	must(t, os.Rename(dir+".moved", dir))
	must(t, j.Ready(t.Context()))
	must(t, j.Close())
	if err := j.Ready(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("closed: %v", err)
	}
}
