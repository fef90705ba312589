package httpapi

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"mozpool/actors"
	v1 "mozpool/httpapi/v1"
)

// written is a backup that writes half of what it should, and fails if told to.
type written struct {
	fail   error
	closed *atomic.Int32
}

func (b written) Write(_ context.Context, w io.Writer) error {
	_, _ = io.WriteString(w, "half")
	return b.fail
}

func (b written) Close() error {
	b.closed.Add(1)
	return nil
}

// TestBackup: the stream is what the server wrote, an error breaks it off, one before the first byte is told, and the
// place is given back.
func TestBackup(t *testing.T) {
	t.Parallel()
	var fail, refuse error
	var closed atomic.Int32
	var with []bool
	s := start(t, Config{Fleet: fleet(), MaxStreams: 1, Backup: func(_ context.Context, artifacts bool) (Backup, error) {
		with = append(with, artifacts)
		return written{fail, &closed}, refuse
	}})
	for _, query := range []string{"", "?without_artifacts=0", "?without_artifacts=1"} {
		res, body := call(t, s, "POST", "/api/v1/backup"+query, "")
		if res.StatusCode != 200 || string(body) != "half" {
			t.Errorf("%d %q", res.StatusCode, body)
		}
		fail = errors.New("the disk is gone")
	}
	if !slices.Equal(with, []bool{true, true, false}) || closed.Load() != 3 {
		t.Errorf("asked for artifacts: %v; closed %d of 3", with, closed.Load())
	}
	for range 2 {
		refuse = &actors.Problem{Kind: actors.Refused, Text: "no", Remedy: "ask"}
		res, body := call(t, s, "POST", "/api/v1/backup", "")
		wantProblem(t, res, body, 409, v1.KindRefused)
	}
	res, body := call(t, s, "POST", "/api/v1/backup?without_artifacts=maybe", "")
	wantProblem(t, res, body, 400, v1.KindBadRequest)
	res, body = call(t, start(t, Config{Fleet: fleet()}), "POST", "/api/v1/backup", "")
	wantProblem(t, res, body, 503, v1.KindUnavailable)
}
