package httpapi

import (
	"context"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// sample is a request that a route takes.
func sample(rt route) (path, body string, headers []string) {
	path = at(rt.path, "b1")
	switch {
	case strings.HasSuffix(rt.path, "/state"):
		return path, `{"state":"ready"}`, []string{`If-Match: "42"`}
	case strings.HasSuffix(rt.path, "/image"):
		return path, `{"image":"v2"}`, nil
	case strings.HasSuffix(rt.path, "/repaired"):
		return path, `{"part":"card"}`, nil
	case strings.HasSuffix(rt.path, "/label"):
		return path, `{"labels":{"pool":"ci","old":null}}`, nil
	case rt.path == bulkPath:
		return path, `{"action":"accept","selector":"name=*"}`, nil
	}
	return path, "", nil
}

// Whatever a board answers, each route that asks it passes that on with the status of its kind; those that ask no
// board do not care.
func TestRefusalsSweep(t *testing.T) {
	t.Parallel()
	for kind, status := range map[actors.ProblemKind]int{actors.BadRequest: 400, actors.NotFound: 404, actors.Refused: 409, actors.Mismatch: 412,
		actors.Locked: 423, actors.Unavailable: 503} {
		f := fleet()
		no := &actors.Problem{Kind: kind, Text: "it is so", Remedy: "do that"}
		f.OnWish = func(string, actors.Request) (actors.Answer, error) { return actors.Answer{}, no }
		f.OnDo = func(string, actors.Order) (actors.Answer, error) { return actors.Answer{}, no }
		s := start(t, Config{Fleet: f})
		for _, rt := range s.routes() {
			if rt.method == "GET" || !strings.HasPrefix(rt.path, boardsPath+"/{name}/") || strings.Contains(rt.path, "/dumps") {
				continue
			}
			path, body, headers := sample(rt)
			res, data := call(t, s, rt.method, path, body, headers...)
			if p := wantProblem(t, res, data, status, v1.Kind(kind)); p.Detail != no.Text || p.Remedy != no.Remedy {
				t.Errorf("%s %s: %+v", rt.method, path, p)
			}
			if (res.Header.Get("Retry-After") != "") != (status == 503) {
				t.Errorf("%s %s: Retry-After is %q", rt.method, path, res.Header.Get("Retry-After"))
			}
		}
		out := bulk(t, s, `{"action":"accept","selector":"name=*"}`)
		if out.Refused != 1 || out.Results[0].Problem.Status != status {
			t.Errorf("bulk: %+v", out)
		}
	}
}

// Who guesses tokens has to wait on every route, and one who sends no condition where one is needed is told on that.
func TestLimitsSweep(t *testing.T) {
	t.Parallel()
	s, tokens := guarded(t, Config{Fleet: fleet()})
	for range 20 {
		call(t, s, "GET", "/api/v1/boards", "", "Authorization: Bearer nonsense")
	}
	for _, rt := range s.routes() {
		if needOf(rt.method, rt.path) == 0 {
			continue
		}
		path, body, headers := sample(rt)
		res, data := call(t, s, rt.method, path, body, append(headers, "Authorization: Bearer nonsense")...)
		wantProblem(t, res, data, 429, v1.KindTooMany)
		if strings.HasSuffix(rt.path, "/state") {
			res, data := call(t, s, rt.method, path, body, tokens["admin"])
			wantProblem(t, res, data, 428, v1.KindNeedsMatch)
		}
	}
}

// A journal that stores nothing, or a server that stops, is 503 where something is to be stored; reads go on.
func TestReadsGoOnWithoutAJournal(t *testing.T) {
	t.Parallel()
	f := fleet()
	no := &actors.Problem{Kind: actors.Unavailable, Text: "nothing can be stored", Remedy: "make room"}
	f.OnWish = func(string, actors.Request) (actors.Answer, error) { return actors.Answer{}, no }
	s := start(t, Config{Fleet: f, Dumps: apitest.Dumps{}, Catalogue: func() Catalogue { return apitest.Catalogue{} }, NotReady: func() []string { return []string{"the disk is full"} }})
	for _, rt := range s.routes() {
		if rt.method != "GET" || strings.HasPrefix(rt.path, artifactsPath+"/") {
			continue
		}
		want := 200
		if rt.path == "/readyz" {
			want = 503
		}
		if res, body := call(t, s, "GET", at(rt.path, "b1"), ""); res.StatusCode != want {
			t.Errorf("%s: %d %.200s", rt.path, res.StatusCode, body)
		}
	}
}

// refusing refuses whatever is asked of relays, incidents and images.
type refusing struct {
	*apitest.Fleet
	no error
}

func (r refusing) Relay(context.Context, string, actors.RelayDo, string, bool) (bool, error) {
	return false, r.no
}

func (r refusing) TestRelay(context.Context, string) error { return r.no }

func (r refusing) CloseIncident(string, string) (actors.Incident, error) {
	return actors.Incident{}, r.no
}

func (r refusing) ClearImage(string, string) ([]actors.Incident, error) { return nil, r.no }

// TestRefusalsBesideBoards: what relays, incidents and images refuse has the status of its kind as well.
func TestRefusalsBesideBoards(t *testing.T) {
	t.Parallel()
	routes := map[string]string{"/relays/switch": `{"relay":"r:bank1:relay1","do":"off"}`, "/relays/test": `{"name":"r:1"}`,
		"/incidents/i1/close": "", "/images/v2/clear": ""}
	for kind, status := range map[actors.ProblemKind]int{actors.BadRequest: 400, actors.NotFound: 404, actors.Refused: 409, actors.Mismatch: 412,
		actors.Locked: 423, actors.Unavailable: 503} {
		no := &actors.Problem{Kind: kind, Text: "it is so", Remedy: "do that"}
		s := start(t, Config{Fleet: refusing{fleet(), no}})
		for path, body := range routes {
			res, data := call(t, s, "POST", v1.Prefix+path, body)
			if p := wantProblem(t, res, data, status, v1.Kind(kind)); p.Detail != no.Text || p.Remedy != no.Remedy {
				t.Errorf("%s: %+v", path, p)
			}
		}
	}
}
