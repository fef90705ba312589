package httpapi

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	"mozpool/httpapi/mozpool1"
	v1 "mozpool/httpapi/v1"
)

// oldFleet adds what only the old API asks for.
type oldFleet struct{ *apitest.Fleet }

func (oldFleet) Ask(context.Context, string, actors.Evidence) (board.Verdict, error) {
	return board.Moved, nil
}

func (oldFleet) Relay(context.Context, string, actors.RelayDo, string, bool) (bool, error) {
	return true, nil
}

// changes are what an audit was told.
type changes struct {
	mu  sync.Mutex
	all []access.Change
}

func (c *changes) add(change access.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, change)
}

func (c *changes) last() access.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) == 0 {
		return access.Change{}
	}
	return c.all[len(c.all)-1]
}

func oldConfig() Config {
	f := fleet()
	return Config{Fleet: f, Old: mozpool1.New(mozpool1.Config{Fleet: oldFleet{f}, Version: "5"})}
}

func TestOldAPIBesideTheNew(t *testing.T) {
	t.Parallel()
	var told changes
	cfg := oldConfig()
	cfg.Audit = told.add
	s := start(t, cfg)
	for _, path := range []string{"/api/version", "/api/version/", "/api/device/list/?details=1&unknown=1", "/api/v1/boards", "/livez"} {
		if res, body := call(t, s, "GET", path, ""); res.StatusCode != 200 || res.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if res, body := call(t, s, "HEAD", "/api/version/", ""); res.StatusCode != 200 || len(body) > 0 {
		t.Errorf("HEAD: %d %q", res.StatusCode, body)
	}
	res, body := call(t, s, "POST", "/api/version/", "")
	wantProblem(t, res, body, 405, v1.KindMethod)
	if res.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("Allow is %q", res.Header.Get("Allow"))
	}
	res, body = call(t, s, "GET", "/api/device/nobody/state/", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
	res, body = call(t, s, "GET", "/api/nothing/", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
	res, body = call(t, s, "POST", "/api/device/any/request/", "{}")
	wantProblem(t, res, body, 501, v1.KindNotHere)
	if res, _ := call(t, s, "POST", "/api/board/b1/reboot/", ""); res.StatusCode != 204 {
		t.Errorf("reboot: %d", res.StatusCode)
	}
	// Old clients send bodies without saying that they are JSON.
	if res, body := call(t, s, "POST", "/api/device/b1/power-cycle/", "{}", "Content-Type: text/plain", "X-Mozpool-User: ann"); res.StatusCode != 200 || string(body) != "{}\n" {
		t.Errorf("power-cycle: %d %q", res.StatusCode, body)
	}
	if c := told.last(); c.Who != "ann" || c.From != "127.0.0.1" || c.What != "POST /api/device/b1/power-cycle/" || c.Result != "done" {
		t.Errorf("the audit was told %+v", c)
	}
}

// Every line of the old API asks for a token and for its role, is found with and without a slash at its end, by its method
// alone, and passes on what boards answer.
func TestOldSweep(t *testing.T) {
	t.Parallel()
	cfg := oldConfig()
	cfg.MaxBody = 1000
	s, tokens := guarded(t, cfg)
	guessed, _ := guarded(t, oldConfig())
	for range 20 {
		call(t, guessed, "GET", "/api/version/", "", "Authorization: Bearer nonsense")
	}
	for _, l := range mozpool1.Lines() {
		path := "/api/" + strings.ReplaceAll(l.Path, "{}", "b1")
		for _, path := range []string{path, path + "/"} {
			res, body := call(t, s, l.Method, path, "")
			wantProblem(t, res, body, 401, v1.KindNoToken)
			res, body = call(t, guessed, l.Method, path, "", "Authorization: Bearer nonsense")
			wantProblem(t, res, body, 429, v1.KindTooMany)
			res, _ = call(t, s, "OPTIONS", path, "")
			if res.StatusCode != 204 || !strings.Contains(res.Header.Get("Allow"), l.Method) {
				t.Errorf("OPTIONS %s: %d %q", path, res.StatusCode, res.Header.Get("Allow"))
			}
			res, body = call(t, s, "PATCH", path, "", tokens["admin"])
			wantProblem(t, res, body, 405, v1.KindMethod)
			if l.Need == access.Operator {
				res, body = call(t, s, l.Method, path, "", tokens["viewer"])
				wantProblem(t, res, body, 403, v1.KindForbidden)
				res, body = call(t, s, l.Method, path, "", tokens["admin"], "Sec-Fetch-Site: cross-site")
				wantProblem(t, res, body, 403, v1.KindForbidden)
			}
			if res, _ := call(t, s, "HEAD", path, "", tokens["admin"]); l.Method == "GET" && (res.StatusCode == 405) != (l.Need == access.Operator) {
				t.Errorf("HEAD %s: %d", path, res.StatusCode)
			}
		}
		res, body := call(t, s, l.Method, path+"/more", "", tokens["admin"])
		wantProblem(t, res, body, 404, v1.KindNotFound)
		if l.Method == "POST" {
			res, body = call(t, s, l.Method, path, strings.Repeat(" ", 1001), tokens["admin"])
			wantProblem(t, res, body, 413, v1.KindTooLarge)
		}
	}
}

// What boards refuse has the status of its kind here too, on every line that asks one.
func TestOldRefusals(t *testing.T) {
	t.Parallel()
	for kind, status := range map[actors.ProblemKind]int{actors.Refused: 409, actors.Locked: 423, actors.Unavailable: 503} {
		f := fleet()
		no := &actors.Problem{Kind: kind, Text: "it is so", Remedy: "do that"}
		f.OnWish = func(string, actors.Request) (actors.Answer, error) { return actors.Answer{}, no }
		f.OnDo = func(string, actors.Order) (actors.Answer, error) { return actors.Answer{}, no }
		s := start(t, Config{Fleet: f, Old: mozpool1.New(mozpool1.Config{Fleet: oldFleet{f}, Version: "5"})})
		for request, body := range map[string]string{"POST device/b1/power-cycle/": `{"pxe_config":"v2"}`, "GET device/b1/power-off/": "", "POST device/b1/set-comments/": `{"comments":"x"}`,
			"POST board/b1/reboot/": "", "POST board/b1/boot/v2/": "{}", "POST device/b1/event/please_power_cycle/": ""} {
			method, path, _ := strings.Cut(request, " ")
			res, data := call(t, s, method, "/api/"+path, body)
			wantProblem(t, res, data, status, v1.Kind(kind))
		}
	}
}

// A page of another site must not switch a board off by an image's address.
func TestOldAPIFromOtherSites(t *testing.T) {
	t.Parallel()
	s := start(t, oldConfig())
	for header, status := range map[string]int{"Sec-Fetch-Site: cross-site": 403, "Sec-Fetch-Site: same-site": 403, "Sec-Fetch-Site: none": 200, "Sec-Fetch-Site: same-origin": 200} {
		if res, body := call(t, s, "GET", "/api/device/b1/power-off/", "", header); res.StatusCode != status {
			t.Errorf("%s: %d %s", header, res.StatusCode, body)
		}
	}
	res, body := call(t, s, "POST", "/api/device/b1/power-cycle/", "", "Origin: http://elsewhere.example")
	wantProblem(t, res, body, 403, v1.KindForbidden)
}

func TestOldListener(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		s := run(t, NewOld(testConfig(oldConfig()), func(a netip.Addr) bool { return open && a == netip.MustParseAddr("127.0.0.1") }))
		res, body := call(t, s, "GET", "/api/device/list/", "")
		if !open {
			wantProblem(t, res, body, 403, v1.KindForbidden)
			continue
		}
		var list struct{ Devices []string }
		if err := json.Unmarshal(body, &list); err != nil || len(list.Devices) != 1 {
			t.Errorf("%s: %v", body, err)
		}
		if res, _ := call(t, s, "GET", "/api/device/b1/power-off/", ""); res.StatusCode != 200 {
			t.Errorf("power-off: %d", res.StatusCode)
		}
		// The new API is not there: it would be without tokens.
		for _, path := range []string{"/api/v1/boards", "/livez", "/"} {
			res, body := call(t, s, "GET", path, "")
			if p := wantProblem(t, res, body, 404, v1.KindNotFound); !strings.Contains(p.Remedy, "/api") {
				t.Errorf("%s: %+v", path, p)
			}
		}
	}
}

// On the listener of people and programs the old API takes tokens and roles like the new one.
func TestOldAPITakesTokens(t *testing.T) {
	t.Parallel()
	s, tokens := guarded(t, oldConfig())
	for _, c := range []struct {
		method, path, token string
		status              int
	}{
		{"GET", "/api/device/list/", "", 401}, {"GET", "/api/device/list/", "viewer", 200},
		{"GET", "/api/device/b1/power-off/", "viewer", 403}, {"GET", "/api/device/b1/power-off/", "operator", 200},
		{"POST", "/api/device/b1/power-cycle/", "viewer", 403}, {"POST", "/api/board/b1/reboot", "operator", 204},
		{"POST", "/api/device/b1/power-cycle/", "scoped", 403}, {"GET", "/api/device/b1/state/", "scoped", 200},
	} {
		if res, body := call(t, s, c.method, c.path, "", headersOf(tokens[c.token])...); res.StatusCode != c.status {
			t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.token, res.StatusCode, body)
		}
	}
}

func headersOf(header string) []string {
	if header == "" {
		return nil
	}
	return []string{header}
}
