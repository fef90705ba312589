package persistence

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fixture unpacks a stored data folder of an earlier version. They were
// written by that version and are never written anew.
func fixture(t *testing.T, version int) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(fmt.Sprintf("testdata/data-%d.tar.gz", version))
	must(t, err)
	defer func() { _ = file.Close() }() // only read
	unzipped, err := gzip.NewReader(file)
	must(t, err)
	for in := tar.NewReader(unzipped); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		must(t, err)
		path := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir {
			must(t, os.MkdirAll(path, 0o750))
			continue
		}
		data, err := io.ReadAll(in)
		must(t, err)
		must(t, os.WriteFile(path, data, 0o600))
	}
}

// TestOldDataFolders: what every earlier version wrote is all there.
func TestOldDataFolders(t *testing.T) {
	t.Parallel()
	for version := range DataFormat {
		dir := fixture(t, version)
		must(t, ClaimData(dir))
		j := openTest(t, filepath.Join(dir, "journal"), Options{})
		boards := load(t, j, "")
		if len(boards) != 2 || string(boards[1].Record) != "b2 record 3" || boards[1].Seq != 3 || boards[1].Epoch != 7 || string(boards[1].Inputs) != "inputs of b2" {
			t.Errorf("version %d: boards %+v", version, boards)
		}
		events, err := j.Events(t.Context(), "b1", 0)
		must(t, err)
		attempts, err := j.Attempts(t.Context(), "b1", 0)
		must(t, err)
		lease, err := j.GetDoc(t.Context(), "lease", "r1")
		must(t, err)
		if len(events) != 3 || string(events[0].Data) != "b1 event 1" || len(attempts) != 3 || string(lease.Data) != "held" {
			t.Errorf("version %d: %d events, %d attempts, lease %q", version, len(events), len(attempts), lease.Data)
		}
		l := openLogs(t, filepath.Join(dir, "logs"), LogOptions{MaxAge: 200 * 365 * 24 * time.Hour})
		if got := texts(t, l, Filter{Board: "b1", Tail: 9}); got != "line 0 line 2 line 4 line 6 line 8" {
			t.Errorf("version %d: log %q", version, got)
		}
		if found, err := readDataFormat(filepath.Join(dir, "FORMAT")); found != DataFormat || err != nil {
			t.Errorf("version %d was made %d, %v", version, found, err)
		}
	}
}

func TestClaimData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	for range 2 {
		must(t, ClaimData(dir))
	}
	for text, want := range map[string]string{"mozpool data 2\n": "newer version", "mozpool data 999\n": "up to 1", "": "no format", "mozpool data 0\n": "no format", "x": "no format"} {
		must(t, os.WriteFile(filepath.Join(dir, "FORMAT"), []byte(text), 0o600))
		if err := ClaimData(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if now, _ := os.ReadFile(filepath.Join(dir, "FORMAT")); string(now) != text {
			t.Errorf("%q was changed to %q", text, now)
		}
	}
}
