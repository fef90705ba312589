package cli

import (
	"strings"
	"testing"
)

// Nobody found is said with what to look at, to people only: a program gets an empty list.
func TestNobodyDiscovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fleet.Unknown = nil
	if code := w.run(t, "board", "discovered"); code != ExitOK || !strings.Contains(w.err.String(), "switch the boards on") || !strings.Contains(w.err.String(), "port 69") {
		t.Errorf("exit %d: %s", code, &w.err)
	}
	if code := w.run(t, "board", "discovered", "-o", "json"); code != ExitOK || w.err.Len() > 0 || strings.TrimSpace(w.out.String()) != "[]" {
		t.Errorf("exit %d: %s%s", code, &w.out, &w.err)
	}
}
