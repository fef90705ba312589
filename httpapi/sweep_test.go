package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mozpool/actors"
	"mozpool/httpapi/access"
	"mozpool/httpapi/openapi/describe"
	v1 "mozpool/httpapi/v1"
)

// bodies are what routes take that do nothing without one. A new one of these fails the sweeps until it is here.
var bodies = map[string]string{
	"PUT " + boardsPath + "/{name}/state":     `{"state":"ready"}`,
	"POST " + boardsPath + "/{name}/image":    `{"image":"v2"}`,
	"POST " + boardsPath + "/{name}/repaired": `{"part":"card"}`,
	"POST " + boardsPath + "/{name}/label":    `{"labels":{"pool":"ci","old":null}}`,
	"POST " + bulkPath:                        `{"action":"accept","selector":"name=*"}`,
	"PUT " + v1.Prefix + "/images/{name}":     `{"install":"raw"}`,
	"PUT " + v1.Prefix + "/hardware/{name}":   `{"live":"live/a","disk":"/dev/vda"}`,
	"PUT " + artifactsPath + "/{sha256}":      uploaded,
	"POST " + artifactsPath + "/import":       `{"url":"http://builds/a.img"}`,
	"POST " + v1.Prefix + "/relays/switch":    `{"relay":"r:bank1:relay1","do":"status"}`,
	"POST " + v1.Prefix + "/relays/test":      `{"name":"r:2101"}`,
	"PUT " + v1.Prefix + "/server/log-level":  `{"level":"INFO"}`,
	"POST " + clusterPath + "/join":           `{"gossip":"img2:7946"}`,
	"POST " + clusterPath + "/transfer":       `{"server":"img2"}`,
	"POST " + clusterPath + "/remove":         `{"server":"img2"}`,
	"POST " + clusterPath + "/drain":          `{"server":"img2"}`,
	"POST " + clusterPath + "/undrain":        `{"server":"img2"}`,
}

const uploaded = "image"

func (rt route) String() string { return rt.method + " " + rt.path }

// streams tells the one route whose body is a file's bytes, of any length.
func (rt route) streams() bool { return rt.String() == "PUT "+artifactsPath+"/{sha256}" }

// sample is a request that a route takes.
func sample(rt route) (path, body string, headers []string) {
	path = strings.Replace(at(rt.path, "b1"), "{sha256}", artifactSum(uploaded), 1)
	if rt.streams() {
		path, headers = path+"?name=a.img", []string{"Content-Type: application/octet-stream"}
	}
	if described(rt).Match {
		headers = append(headers, `If-Match: "42"`)
	}
	return path, bodies[rt.String()], headers
}

// described is what the description says of a route.
func described(rt route) (o describe.Operation) {
	if i := slices.IndexFunc(describe.Operations, func(o describe.Operation) bool { return o.Method == rt.method && o.Path == rt.path }); i >= 0 {
		return describe.Operations[i]
	}
	return o
}

// column is a status of the table. can tells of a route whether it has any business with it.
type column struct {
	status int
	can    func(route) bool
	try    func(t *testing.T, w *swept, rt route)
}

func always(route) bool    { return true }
func known(rt route) bool  { return needOf(rt.method, rt.path) != access.Nobody }
func bodied(rt route) bool { return rt.method != "GET" && !rt.streams() }

// swept are the servers that a sweep asks: one that everything goes well on, one with tokens, one of which an address has
// guessed too often, and for each kind one where whoever is asked refuses so.
type swept struct {
	open, guarded, guessed *Server
	tokens                 map[string]string
	refusing               map[actors.ProblemKind]*Server
}

func newSwept(t *testing.T) *swept {
	w := &swept{open: start(t, wellConfig(t)), refusing: map[actors.ProblemKind]*Server{}}
	w.guarded, w.tokens = guarded(t, wellConfig(t))
	w.guessed, _ = guarded(t, wellConfig(t))
	for range 20 {
		call(t, w.guessed, "GET", "/api/v1/boards", "", "Authorization: Bearer nonsense")
	}
	for _, kind := range []actors.ProblemKind{actors.Refused, actors.Mismatch, actors.Locked, actors.Unavailable} {
		w.refusing[kind] = start(t, refusingConfig(&actors.Problem{Kind: kind, Text: "it is so", Remedy: "do that"}))
	}
	return w
}

// ask sends a route's sample with more headers, and wants a problem.
func (w *swept) ask(t *testing.T, s *Server, rt route, status int, kind v1.Kind, more ...string) {
	path, body, headers := sample(rt)
	res, data := call(t, s, rt.method, path, body, append(headers, more...)...)
	wantProblem(t, res, data, status, kind)
}

var columns = []column{
	{400, always, func(t *testing.T, w *swept, rt route) {
		path, body, headers := sample(rt)
		res, data := call(t, w.open, rt.method, typo(path), body, headers...)
		wantProblem(t, res, data, 400, v1.KindBadRequest)
	}},
	{401, known, func(t *testing.T, w *swept, rt route) { w.ask(t, w.guarded, rt, 401, v1.KindNoToken) }},
	{403, func(rt route) bool { return needOf(rt.method, rt.path) > access.Viewer }, func(t *testing.T, w *swept, rt route) {
		w.ask(t, w.guarded, rt, 403, v1.KindForbidden, w.tokens["viewer"])
		w.ask(t, w.open, rt, 403, v1.KindForbidden, "Origin: http://elsewhere.example")
		if rt.path != bulkPath { // which answers for each board
			w.ask(t, w.guarded, rt, 403, v1.KindForbidden, w.tokens["scoped"])
		}
	}},
	{404, always, func(t *testing.T, w *swept, rt route) {
		path, body, headers := sample(rt)
		res, data := call(t, w.open, rt.method, slashed(path), body, headers...)
		if p := wantProblem(t, res, data, 404, v1.KindNotFound); p.Remedy != "see /api/v1/openapi.html" {
			t.Errorf("the remedy is %q", p.Remedy)
		}
		if none := at(rt.path, "nobody"); strings.Contains(rt.path, "{name}") {
			res, data := call(t, w.open, rt.method, none, body, headers...)
			wantProblem(t, res, data, 404, v1.KindNotFound)
		}
	}},
	{405, always, func(t *testing.T, w *swept, rt route) {
		path, _, _ := sample(rt)
		res, data := call(t, w.open, "PATCH", path, "")
		wantProblem(t, res, data, 405, v1.KindMethod)
		if allow := res.Header.Get("Allow"); !strings.Contains(allow, rt.method) || !strings.Contains(allow, "OPTIONS") {
			t.Errorf("Allow is %q", allow)
		}
	}},
	passedOn(409, actors.Refused), passedOn(412, actors.Mismatch),
	{413, bodied, func(t *testing.T, w *swept, rt route) {
		path, _, headers := sample(rt)
		res, data := call(t, w.open, rt.method, path, strings.Repeat(" ", 1001), headers...)
		wantProblem(t, res, data, 413, v1.KindTooLarge)
	}},
	{415, bodied, func(t *testing.T, w *swept, rt route) {
		path, _, headers := sample(rt)
		res, data := call(t, w.open, rt.method, path, `{}`, append(headers, "Content-Type: text/plain")...)
		wantProblem(t, res, data, 415, v1.KindMediaType)
	}},
	passedOn(423, actors.Locked),
	{428, func(rt route) bool { return described(rt).Match }, func(t *testing.T, w *swept, rt route) {
		path, body, _ := sample(rt)
		res, data := call(t, w.open, rt.method, path, body)
		wantProblem(t, res, data, 428, v1.KindNeedsMatch)
	}},
	{429, known, func(t *testing.T, w *swept, rt route) {
		w.ask(t, w.guessed, rt, 429, v1.KindTooMany, "Authorization: Bearer nonsense")
	}},
	passedOn(503, actors.Unavailable),
}

// unasking are the routes that ask nobody who could refuse. They show what is known, change what is the API's own, or, as
// bulk, have an answer for each board.
var unasking = []string{
	"GET " + boardsPath, "GET " + boardsPath + "/{name}", "GET " + v1.Prefix + "/images", "GET " + v1.Prefix + "/hardware", "GET " + v1.Prefix + "/hardware/{name}",
	"GET " + v1.Prefix + "/racks", "GET " + v1.Prefix + "/discovered", "GET " + v1.Prefix + "/server", "GET " + v1.Prefix + "/relays", "GET " + v1.Prefix + "/repairs",
	"GET " + v1.Prefix + "/incidents", "GET " + v1.Prefix + "/inventory", "GET " + v1.Prefix + "/inventory/plan", "GET " + v1.Prefix + "/inventory/boards/{name}", "GET " + v1.Prefix + "/events", "GET " + v1.Prefix + "/webhooks",
	"GET " + describePath + ".json", "GET " + describePath + ".html", "GET /livez", "GET /readyz", "GET /metrics",
	"PUT " + v1.Prefix + "/server/log-level", "POST " + bulkPath,
}

// passedOn is a column of what those that are asked may answer.
func passedOn(status int, kind actors.ProblemKind) column {
	asks := func(rt route) bool { return !slices.Contains(unasking, rt.String()) }
	return column{status, asks, func(t *testing.T, w *swept, rt route) {
		path, body, headers := sample(rt)
		res, data := call(t, w.refusing[kind], rt.method, path, body, headers...)
		if p := wantProblem(t, res, data, status, v1.Kind(kind)); p.Detail != "it is so" || p.Remedy != "do that" {
			t.Errorf("%+v", p)
		}
		if (res.Header.Get("Retry-After") != "") != (status == 503) {
			t.Errorf("Retry-After is %q", res.Header.Get("Retry-After"))
		}
	}}
}

// TestSweep has every route answer with every status that it has any business with. The table in testdata is what was
// seen: a route that is new, or that came to have more or fewer answers, shows there.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newSwept(t)
	table := fmt.Sprintf("%-52s", "")
	for _, c := range columns {
		table += fmt.Sprintf(" %d", c.status)
	}
	routes := w.open.routes()
	slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	for _, rt := range routes {
		table += fmt.Sprintf("\n%-52s", rt)
		for _, c := range columns {
			if !c.can(rt) {
				table += "   ."
				continue
			}
			table += "   x"
			t.Run(fmt.Sprintf("%d %s", c.status, rt), func(t *testing.T) { c.try(t, w, rt) })
		}
	}
	golden(t, "sweep.txt", []byte(table+"\n"))
	for kind, s := range w.refusing { // a bulk action has the same answers, one for each board
		out := bulk(t, s, `{"action":"accept","selector":"name=*"}`)
		if out.Refused != 1 || out.Results[0].Problem.Status != statuses[v1.Kind(kind)] {
			t.Errorf("bulk: %+v", out)
		}
	}
}

// Every route that is asked rightly answers well, in the same way as all others.
func TestSweepOfGoodRequests(t *testing.T) {
	t.Parallel()
	s := start(t, wellConfig(t))
	for _, rt := range s.routes() {
		t.Run(rt.String(), func(t *testing.T) {
			path, body, headers := sample(rt)
			res, _ := call(t, s, rt.method, path, body, headers...)
			if res.StatusCode/100 != 2 || res.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(res.Header.Get("Content-Type"), typeOf(rt.path)) {
				t.Errorf("%d %v", res.StatusCode, res.Header)
			}
			for name := range res.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("pages of other sites may read it: %s", name)
				}
			}
			res, _ = call(t, s, "OPTIONS", path, "", "Origin: http://elsewhere.example", "Access-Control-Request-Method: "+rt.method)
			if res.StatusCode != 204 || !strings.Contains(res.Header.Get("Allow"), rt.method) || res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("OPTIONS: %d %v", res.StatusCode, res.Header)
			}
			switch {
			case rt.method == "GET":
				sweepHead(t, s, path)
			case bodied(rt):
				sweepBody(t, s, rt, path, headers)
			}
		})
	}
}
