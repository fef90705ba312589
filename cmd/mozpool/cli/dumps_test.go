package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDumps: one is fetched into a file that was not there, and deleted; what cannot be is told without ending the rest.
func TestDumps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name = "20261123T084000Z-vmcore"
	to := filepath.Join(t.TempDir(), "dump")
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"get b1 " + name, 0, ""},
		{"get b1 " + name + " --to " + to, 0, ""},
		{"get b1 " + name + " --to " + to, ExitUsage, "file exists"},
		{"get nobody " + name + " --to " + to + "2", ExitNotFound, "nobody"},
		{"delete b1 " + name, 0, ""},
		{"delete b1 none " + name, ExitNotFound, "no crash dump"},
	} {
		if code := w.run(t, strings.Fields("board dumps "+tc.args)...); code != tc.code || !strings.Contains(w.err.String(), tc.says) {
			t.Errorf("%s: exit %d, %s", tc.args, code, &w.err)
		}
	}
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(to + "2"); err == nil {
		t.Error("a file that was not fetched was left behind")
	}
}
