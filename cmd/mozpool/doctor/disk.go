package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	syncs     = 15                     // writes to measure; the median counts
	slowSync  = 50 * time.Millisecond  // a transition waits for one sync, and a rack's worth of them queue
	deadSync  = 500 * time.Millisecond // a callback's commit then misses its 5 s under load
	fewBytes  = 256 << 20              // less is red: the journal stops when it cannot be written
	tightPart = 10                     // a tenth free is amber
)

// disks looks at the data folder: room for the journal, and how long a commit takes.
func disks(_ context.Context, s *Site) []Finding {
	const check = "disk"
	dir := existing(s.Config.Data)
	var out []Finding
	if free, total, err := space(dir); err != nil {
		out = append(out, amber(check, dir, err.Error(), "look at the disk"))
	} else {
		out = append(out, judgeSpace(dir, free, total))
	}
	took, err := syncTime(dir)
	if err != nil {
		return append(out, red(check, dir, "cannot be written: "+err.Error(), "make room, or give the folder to the user that the server runs as"))
	}
	return append(out, judgeSync(dir, took))
}

func judgeSpace(dir string, free, total uint64) Finding {
	const check, remedy = "disk", "make room, or move `data` to a larger disk"
	text := fmt.Sprintf("%d of %d MiB are free", free>>20, total>>20)
	switch {
	case free < fewBytes:
		return red(check, dir, text, remedy)
	case free < total/tightPart:
		return amber(check, dir, text, remedy)
	}
	return green(check, dir, text)
}

func judgeSync(dir string, took time.Duration) Finding {
	const check, remedy = "disk", "put `data` on a disk of its own, best an SSD; network file systems and SD cards are too slow"
	text := fmt.Sprintf("a commit takes %v", took.Round(10*time.Microsecond))
	switch {
	case took > deadSync:
		return red(check, dir, text, remedy)
	case took > slowSync:
		return amber(check, dir, text, remedy)
	}
	return green(check, dir, text)
}

// existing is the folder, or the nearest above it: the server makes what is missing when it starts.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// syncTime writes as the journal does, a page and a sync, and gives the median.
func syncTime(dir string) (_ time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	took := make([]time.Duration, syncs)
	for i := range took {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[syncs/2], nil
}
