package httpapi

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"mozpool/httpapi/access"
	v1 "mozpool/httpapi/v1"
)

// TestLogLevel: the level that was asked for holds, is shown, heard in the log, and audited; nonsense changes nothing.
func TestLogLevel(t *testing.T) {
	t.Parallel()
	var level slog.LevelVar
	var out bytes.Buffer
	var mu sync.Mutex // the audit is told on the server's goroutines
	var audit []access.Change
	s := start(t, Config{Fleet: fleet(), Level: &level, Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: &level})),
		Audit: func(c access.Change) {
			mu.Lock()
			defer mu.Unlock()
			audit = append(audit, c)
		}})
	for _, c := range []struct {
		asked string
		want  slog.Level
	}{{"error", slog.LevelError}, {"DEBUG", slog.LevelDebug}, {"WARN", slog.LevelWarn}} {
		res, body := call(t, s, "PUT", "/api/v1/server/log-level", `{"level": "`+c.asked+`"}`)
		if res.StatusCode != 200 || level.Level() != c.want || !strings.Contains(string(body), c.want.String()) {
			t.Errorf("%s: %d %s, level %s", c.asked, res.StatusCode, body, level.Level())
		}
		if said := "level=" + c.want.String() + " before="; !strings.Contains(out.String(), said) {
			t.Errorf("%q is not in %q", said, &out)
		}
	}
	res, body := call(t, s, "PUT", "/api/v1/server/log-level", `{"level": "INFO+1"}`)
	wantProblem(t, res, body, 400, v1.KindBadRequest)
	_, body = call(t, s, "GET", "/api/v1/server", "")
	var shown v1.Server
	if err := json.Unmarshal(body, &shown); err != nil || shown.LogLevel != "WARN" || level.Level() != slog.LevelWarn {
		t.Errorf("%v: %s", err, body)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(audit) != 4 || audit[0].What != "PUT /api/v1/server/log-level" || audit[0].Result != "done" || audit[3].Result == "done" {
		t.Errorf("%+v", audit)
	}
}

// TestLogLevelIsTheAdministrators: others may look.
func TestLogLevelIsTheAdministrators(t *testing.T) {
	t.Parallel()
	if got := needOf("PUT", "/api/v1/server/log-level"); got != access.Admin {
		t.Errorf("it takes %s", got)
	}
	res, body := call(t, start(t, Config{Fleet: fleet()}), "PUT", "/api/v1/server/log-level", `{"level": "DEBUG"}`)
	wantProblem(t, res, body, 503, v1.KindUnavailable)
}
