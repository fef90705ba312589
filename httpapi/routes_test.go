package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

func fleet() *apitest.Fleet {
	f := &apitest.Fleet{Ended: []actors.Attempt{{Number: 1, Result: board.Ready}}}
	f.Put(apitest.Busy("b1"))
	f.Switches = []actors.RelayView{{Name: "r:2101"}}
	f.Troubles = []actors.Incident{{ID: "b1", Kind: actors.IncidentCrossed}}
	f.OnWiring = func(_ context.Context, rack string, _ []string, each func(actors.WiringStep)) error {
		if rack != "b1" {
			return &actors.Problem{Kind: actors.NotFound, Text: "no such rack", Remedy: "see the list"}
		}
		each(actors.WiringStep{Relay: "r:2101:bank1:relay1", Result: actors.WiringSilent})
		return nil
	}
	return f
}

func at(path, name string) string {
	if strings.HasSuffix(path, "/events") {
		path += "?kept=1" // else it never ends
	}
	if name == "b1" && strings.Contains(path, "/images/") {
		name = "v2"
	}
	if name == "b1" && strings.Contains(path, "/hardware/") {
		name = "panda"
	}
	return strings.NewReplacer("{name}", name, "{number}", "1").Replace(path)
}

func typeOf(path string) string {
	switch {
	case path == "/metrics":
		return "text/plain"
	case strings.HasSuffix(path, ".html"):
		return "text/html"
	case strings.HasSuffix(path, "/wiring"):
		return "application/x-ndjson"
	}
	if strings.HasSuffix(path, "/backup") || strings.HasSuffix(path, "/{dump}") {
		return "application/octet-stream"
	}
	return "application/json"
}

func typo(path string) string {
	if strings.Contains(path, "?") {
		return path + "&tpyo=1"
	}
	return path + "?tpyo=1"
}

func slashed(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path + "/"
}

func sweepHead(t *testing.T, s *Server, path string) {
	res, body := call(t, s, "HEAD", path, "")
	streamed := path == "/metrics" // how long it is, is known at its end
	if res.StatusCode != 200 || len(body) != 0 || res.ContentLength <= 0 && !streamed {
		t.Errorf("HEAD: %d, %d bytes, length %d", res.StatusCode, len(body), res.ContentLength)
	}
}

func sweepBody(t *testing.T, s *Server, rt route, path string, headers []string) {
	for _, c := range []struct {
		name, body string
		status     int
		kind       v1.Kind
	}{
		{"not JSON", `{`, 400, v1.KindBadRequest},
		{"an array", `[]`, 400, v1.KindBadRequest},
		{"two objects", `{} {}`, 400, v1.KindBadRequest},
		{"an unknown key", `{"tpyo":1}`, 400, v1.KindBadRequest},
	} {
		res, body := call(t, s, rt.method, path, c.body, headers...)
		p := wantProblem(t, res, body, c.status, c.kind)
		if c.name == "an unknown key" && !strings.Contains(p.Detail, "tpyo") {
			t.Errorf("%q does not name the key", p.Detail)
		}
	}
}

func TestSetStateNeedsTheVisit(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.OnDo = func(_ string, o actors.Order) (actors.Answer, error) {
		if o.Visit != 42 {
			return actors.Answer{}, &actors.Problem{Kind: actors.Mismatch, Text: "the board has moved on", Remedy: "look again"}
		}
		return actors.Answer{Board: "b1", State: o.To, Visit: 43}, nil
	}
	s := start(t, Config{Fleet: f})
	for _, c := range []struct {
		match  string
		status int
		kind   v1.Kind
	}{
		{"", 428, v1.KindNeedsMatch},
		{`"41"`, 412, v1.KindMismatch},
		{`W/"42"`, 412, v1.KindMismatch},
		{`"x"`, 400, v1.KindBadRequest},
		{`"42"`, 200, ""},
		{`*`, 200, ""},
	} {
		res, body := call(t, s, "PUT", "/api/v1/boards/b1/state", `{"state":"ready"}`, "If-Match: "+c.match)
		if c.status != 200 {
			wantProblem(t, res, body, c.status, c.kind)
		} else if res.StatusCode != 200 || res.Header.Get("ETag") != `"43"` {
			t.Errorf("%s: %d %q", c.match, res.StatusCode, res.Header.Get("ETag"))
		}
	}
	res, body := call(t, s, "PUT", "/api/v1/boards/b1/state", `{"state":"happy"}`, `If-Match: "42"`)
	wantProblem(t, res, body, 400, v1.KindBadRequest)
}

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	f := fleet()
	var fail error
	f.OnWish = func(string, actors.Request) (actors.Answer, error) {
		if fail == nil {
			panic("a mistake with a secret")
		}
		return actors.Answer{}, fail
	}
	s := start(t, Config{Fleet: f})
	for _, c := range []struct {
		err    error
		status int
		kind   v1.Kind
	}{
		{&actors.Problem{Kind: actors.Refused, Text: "busy", Remedy: "wait"}, 409, v1.KindRefused},
		{&actors.Problem{Kind: actors.Locked, Text: "locked", Remedy: "ask ann"}, 423, v1.KindLocked},
		{&actors.Problem{Kind: actors.Unavailable, Text: "no majority", Remedy: "try again"}, 503, v1.KindUnavailable},
		{&actors.Problem{Kind: actors.BadRequest, Text: "no key", Remedy: "send it"}, 400, v1.KindBadRequest},
		{errors.New("a mistake with a secret"), 500, v1.KindInternal},
		{nil, 500, v1.KindInternal},
	} {
		fail = c.err
		res, body := call(t, s, "POST", "/api/v1/boards/b1/power-on", "")
		p := wantProblem(t, res, body, c.status, c.kind)
		if strings.Contains(p.Detail, "secret") {
			t.Errorf("%q gives something away", p.Detail)
		}
		if (res.Header.Get("Retry-After") != "") != (c.status == 503) {
			t.Errorf("%d: Retry-After is %q", c.status, res.Header.Get("Retry-After"))
		}
	}
}

// Nothing of a request may outlive its handler: fasthttp uses the same buffers for the next one.
func TestNothingOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	f := &apitest.Fleet{}
	var kept []actors.Request
	var names []string
	f.OnWish = func(name string, r actors.Request) (actors.Answer, error) {
		kept, names = append(kept, r), append(names, name)
		return actors.Answer{Board: name, State: board.Cutting}, nil
	}
	s := start(t, Config{Fleet: f})
	for _, x := range []string{"AAAA", "BBBB", "CCCC"} {
		body := strings.ReplaceAll(`{"image":"iX","config":{"kX":"vX"}}`, "X", x)
		res, _ := call(t, s, "POST", "/api/v1/boards/n"+x+"/image", body, "Idempotency-Key: id"+x, "X-Mozpool-User: u"+x)
		if res.StatusCode != 202 {
			t.Fatal(res.Status)
		}
	}
	for i, x := range []string{"AAAA", "BBBB", "CCCC"} {
		r := kept[i]
		if names[i] != "n"+x || r.Image != "i"+x || r.Config["k"+x] != "v"+x || r.ID != "id"+x || r.By != "u"+x || r.Want != board.WantImage {
			t.Errorf("request %s became %s %+v", x, names[i], r)
		}
	}
}

// The same for orders, and for those of bulk actions, whose boards are asked by goroutines of their own. The requests come
// over one connection, so that each lies in the buffers of the one before.
func TestNoOrderOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	f := &apitest.Fleet{}
	var mu sync.Mutex
	kept := map[string]actors.Order{}
	f.OnDo = func(name string, o actors.Order) (actors.Answer, error) {
		mu.Lock()
		defer mu.Unlock()
		kept[name+" "+string(o.Kind)] = o
		return actors.Answer{Board: name, State: board.Ready}, nil
	}
	all := []string{"AAAA", "BBBB", "CCCC"}
	for _, x := range all {
		f.Put(apitest.Board("n"+x, board.Ready))
	}
	s := start(t, Config{Fleet: f})
	for _, x := range all {
		for verb, body := range map[string]string{"lock": `{"why":"wX"}`, "comment": `{"comment":"wX"}`, "label": `{"labels":{"kX":"vX"}}`} {
			if res, _ := call(t, s, "POST", "/api/v1/boards/n"+x+"/"+verb, strings.ReplaceAll(body, "X", x), "X-Mozpool-User: u"+x, "Idempotency-Key: id"+x); res.StatusCode != 202 {
				t.Fatal(res.Status)
			}
		}
		bulk(t, s, `{"action":"cancel","boards":"n`+x+`"}`, "X-Mozpool-User: u"+x)
	}
	for _, x := range all {
		lock, comment, label, cancel := kept["n"+x+" lock"], kept["n"+x+" comment"], kept["n"+x+" label"], kept["n"+x+" cancel"]
		value := label.Labels["k"+x]
		if lock.Text != "w"+x || lock.By != "u"+x || lock.ID != "id"+x || comment.Text != "w"+x || value == nil || *value != "v"+x || cancel.By != "u"+x {
			t.Errorf("requests %s became %+v %+v %+v %+v", x, lock, comment, label, cancel)
		}
	}
}

func TestWhoAsks(t *testing.T) {
	t.Parallel()
	f := fleet()
	var by string
	f.OnDo = func(_ string, o actors.Order) (actors.Answer, error) {
		by = o.By
		return actors.Answer{State: board.Ready}, nil
	}
	s := start(t, Config{Fleet: f})
	for header, want := range map[string]string{"": "anonymous@127.0.0.1", "ann": "ann"} {
		if call(t, s, "POST", "/api/v1/boards/b1/unlock", "", "X-Mozpool-User: "+header); by != want {
			t.Errorf("%q became %q", header, by)
		}
	}
	res, body := call(t, s, "POST", "/api/v1/boards/b1/unlock", "", "X-Mozpool-User: "+strings.Repeat("x", 65))
	wantProblem(t, res, body, 400, v1.KindBadRequest)
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	s := start(t, Config{MaxHeader: 4096})
	res, body := call(t, s, http.MethodGet, "/livez", "", "X-Long: "+strings.Repeat("x", 5000))
	wantProblem(t, res, body, 431, v1.KindHeaders)
}
