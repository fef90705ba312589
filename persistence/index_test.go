package persistence

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled is a log folder of several small sealed segments.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	l := openLogs(t, dir, LogOptions{SegmentBytes: 100})
	for i := range 22 {
		l.Append(Line{Board: fmt.Sprint("b", i%3), Text: fmt.Sprint(i)})
		must(t, l.Sync())
	}
	must(t, l.Close())
	return dir
}

// TestOpeningReadsIndexesOnly: sealed segments that hold nothing but zeros are
// opened without complaint, since nobody looks into them.
func TestOpeningReadsIndexesOnly(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	paths, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	must(t, err)
	for _, path := range paths[:len(paths)-1] {
		info, err := os.Stat(path)
		must(t, err)
		must(t, os.WriteFile(path, make([]byte, info.Size()), 0o600))
	}
	var said bytes.Buffer
	l := openLogs(t, dir, LogOptions{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if said.Len() > 0 {
		t.Errorf("opening read the segments: %s", &said)
	}
	if got := texts(t, l, Filter{Board: "b0", Tail: 1}); got != "21" {
		t.Errorf("the last line is %q", got)
	}
	if said.Len() > 0 {
		t.Errorf("a tail from the last segment read others: %s", &said)
	}
}

// TestHarmedIndexIsMadeAnew: whatever of an index is missing or changed, the
// lines are all found, and a whole index is there again.
func TestHarmedIndexIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	path := strings.TrimSuffix(segmentPath(dir, 2), ".seg") + ".idx"
	good, err := os.ReadFile(path)
	must(t, err)
	check := func(what string) {
		t.Helper()
		l := openLogs(t, dir, LogOptions{})
		if got := texts(t, l, Filter{Board: "b1", Tail: 50}); got != "1 4 7 10 13 16 19" {
			t.Errorf("%s: board b1 has %q", what, got)
		}
		must(t, l.Close())
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, good) {
			t.Errorf("%s: the index was not made anew: %v", what, err)
		}
	}
	for n := range good {
		must(t, os.WriteFile(path, good[:n], 0o600))
		check(fmt.Sprint("cut at ", n))
		bad := bytes.Clone(good)
		bad[n] ^= 0x21
		must(t, os.WriteFile(path, bad, 0o600))
		check(fmt.Sprint("changed at ", n))
	}
	must(t, os.Remove(path))
	check("absent")
	other, err := os.ReadFile(strings.Replace(path, "2.idx", "1.idx", 1))
	must(t, err)
	must(t, os.WriteFile(path, other, 0o600))
	check("of another segment")
}

// TestLeftOversGo: a deleted segment's index and files never put in place.
func TestLeftOversGo(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	stray := filepath.Join(dir, "000000000002.idx.tmp123")
	must(t, os.WriteFile(stray, nil, 0o600))
	must(t, os.Remove(segmentPath(dir, 1)))
	must(t, openLogs(t, dir, LogOptions{}).Close())
	for _, path := range []string{stray, filepath.Join(dir, "000000000001.idx")} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", filepath.Base(path), err)
		}
	}
}
