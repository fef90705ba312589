package cli

import "testing"

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
