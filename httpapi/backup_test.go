package httpapi

import (
	"errors"
	"io"
	"testing"

	v1 "mozpool/httpapi/v1"
)

// TestBackup: the stream is what the server wrote, an error breaks it off, and the place is given back.
func TestBackup(t *testing.T) {
	t.Parallel()
	var fail error
	s := start(t, Config{Fleet: fleet(), MaxStreams: 1, Backup: func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return fail
	}})
	for range 3 {
		res, body := call(t, s, "POST", "/api/v1/backup", "")
		if res.StatusCode != 200 || string(body) != "half" {
			t.Errorf("%d %q", res.StatusCode, body)
		}
		fail = errors.New("the disk is gone")
	}
	res, body := call(t, start(t, Config{Fleet: fleet()}), "POST", "/api/v1/backup", "")
	wantProblem(t, res, body, 503, v1.KindUnavailable)
}
