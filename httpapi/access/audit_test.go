package access

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	a, err := OpenAudit(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Change{At: noon, Who: "ann\n", From: "10.0.0.1", What: "POST /api/v1/boards/b1/image", Result: "done"}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { a.Write(want) })
	}
	all.Wait()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	// A second start goes on where the first ended.
	if a, err = OpenAudit(path, nil); err != nil {
		t.Fatal(err)
	}
	a.Write(want)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	if len(got) != 21 {
		t.Fatalf("%d lines", len(got))
	}
	for _, l := range got {
		var c Change
		if err := json.Unmarshal([]byte(l), &c); err != nil || c != want {
			t.Errorf("%q: %v", l, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
}

func TestAuditTurnsOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	a, err := OpenAudit(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a.Write(Change{Who: "first"})
	a.size = maxAudit
	a.Write(Change{Who: "second"})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if old, now := lines(t, path+".1"), lines(t, path); len(old) != 1 || len(now) != 1 || !strings.Contains(old[0], "first") || !strings.Contains(now[0], "second") {
		t.Errorf("%q, then %q", old, now)
	}
	if _, err := OpenAudit(filepath.Join(path, "x"), nil); err == nil {
		t.Error("a file is no folder")
	}
}
