package cli

import (
	"strings"
	"testing"
)

// TestServerLogLevel: asked without a level it changes nothing; a level that is none is refused.
func TestServerLogLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, ExitOK, "level\nINFO\n"},
		{[]string{"debug"}, ExitOK, "level\nDEBUG\n"},
		{[]string{"loud"}, ExitUsage, ""},
		{nil, ExitOK, "level\nDEBUG\n"},
	} {
		code := w.run(t, append([]string{"server", "log-level"}, c.args...)...)
		if code != c.code || w.out.String() != c.says {
			t.Errorf("%q: exit %d, %q", c.args, code, &w.out)
		}
	}
}

// TestLogWithoutSome: people are told of the servers whose lines are missing, beside the lines that are there.
func TestLogWithoutSome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logs.Missing = []string{"img2"}
	if code := w.run(t, "board", "log", "b1"); code != ExitOK || !strings.Contains(w.out.String(), "hello") || w.err.String() != "(lines of img2 are missing: no answer)\n" {
		t.Errorf("exit %d, %q, %q", code, &w.out, &w.err)
	}
}
