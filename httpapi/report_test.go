package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

func TestReport(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Switches = []actors.RelayView{{Name: "relay1", Boards: []string{"b1"}}}
	ended := func(ago time.Duration, result board.State) actors.Attempt {
		return actors.Attempt{Want: board.WantImage, Image: "v1", Began: apitest.Now.Add(-ago - time.Minute), Ended: apitest.Now.Add(-ago), Result: result}
	}
	f.Ended = []actors.Attempt{ended(time.Hour, board.Ready), ended(30*time.Hour, board.FailedBoot), ended(8*24*time.Hour, board.Ready)}
	f.Silent = []string{"img2"}
	f.Told = map[uint32][]actors.Moment{0: {{What: actors.MomentMove, From: board.Off, To: board.Booting}, {What: actors.MomentMove, From: board.Booting, To: board.Ready}}}
	s := start(t, Config{Fleet: f, Clock: func() time.Time { return apitest.Now }})
	for query, want := range map[string]int{"": 2, "?since=24h": 1, "?since=2d": 2, "?since=30d": 3, "?since=2026-11-23T00:00:00Z": 1, "?rack=nowhere": 0} {
		_, body := call(t, s, "GET", "/api/v1/report"+query, "")
		var r v1.Report
		if err := json.Unmarshal(body, &r); err != nil || r.Sum.Attempts != want {
			t.Errorf("%q: %v, %d attempts, want %d", query, err, r.Sum.Attempts, want)
		}
		if r.Detailed != want || len(r.Missing) != 1 || (want > 0) != (len(r.Boots) == 1) {
			t.Errorf("%q: %d attempts detailed, silent %q, boots %+v", query, r.Detailed, r.Missing, r.Boots)
		}
		if query == "?since=2d" && (len(r.Relays) != 1 || r.Relays[0].Name != "relay1") {
			t.Errorf("relays %+v", r.Relays)
		}
	}
	for accept, want := range map[string]string{"text/html": "<!DOCTYPE html>", "text/plain": "attempts 2, success at first boot 50.0 %"} {
		res, body := call(t, s, "GET", "/api/v1/report", "", "Accept: "+accept)
		if !strings.Contains(string(body), want) || !strings.HasPrefix(res.Header.Get("Content-Type"), accept) {
			t.Errorf("%s: %v %s", accept, res.Header, body)
		}
	}
	for _, query := range []string{"since=-1d", "since=999d", "since=2030-01-01T00:00:00Z", "since=xd"} {
		res, body := call(t, s, "GET", "/api/v1/report?"+query, "")
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
	if _, body := call(t, s, "GET", "/api/v1/report?since=99999d", ""); !strings.Contains(string(body), "at most 366d") {
		t.Errorf("the limit is not named: %s", body)
	}
}
