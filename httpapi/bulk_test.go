package httpapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// bulkFleet has 40 boards in two racks, and notes what they were asked.
func bulkFleet() (*apitest.Fleet, *sync.Map) {
	f, asked := &apitest.Fleet{}, &sync.Map{}
	for i := range 40 {
		v := apitest.Board(fmt.Sprintf("b%02d", i), board.Ready)
		v.Spec.Rack = fmt.Sprintf("r%d", i%2+1)
		f.Put(v)
	}
	f.OnWish = func(name string, r actors.Request) (actors.Answer, error) {
		asked.Store(name, fmt.Sprintf("%s %s by %s key %s force %t", r.Want, r.Image, r.By, r.ID, r.Force))
		if name == "b03" {
			return actors.Answer{}, &actors.Problem{Kind: actors.Locked, Text: "locked by bob", Remedy: "ask bob"}
		}
		return actors.Answer{Board: name, Attempt: 9, State: board.Cutting}, nil
	}
	f.OnDo = func(name string, o actors.Order) (actors.Answer, error) {
		asked.Store(name, fmt.Sprintf("%s %q force %t by %s", o.Kind, o.Text, o.Force, o.By))
		return actors.Answer{Board: name, State: board.Ready}, nil
	}
	return f, asked
}

func bulk(t *testing.T, s *Server, body string, headers ...string) v1.BulkResults {
	t.Helper()
	res, data := call(t, s, "POST", "/api/v1/bulk", body, headers...)
	var out v1.BulkResults
	if err := json.Unmarshal(data, &out); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %d %s", body, res.StatusCode, data)
	}
	return out
}

func TestBulk(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	var told changes
	s := start(t, Config{Fleet: f, Audit: told.add})
	out := bulk(t, s, `{"action":"image","image":"v2","force":true,"selector":"rack=r2","boards":"b0*"}`, "Idempotency-Key: k1", "X-Mozpool-User: ann")
	if len(out.Results) != 5 || out.Refused != 1 {
		t.Fatalf("%+v", out)
	}
	for i, r := range out.Results {
		name := fmt.Sprintf("b%02d", 2*i+1)
		if r.Board != name || (r.Problem != nil) != (name == "b03") || r.Problem == nil && (r.Attempt != 9 || r.State != board.Cutting) {
			t.Errorf("%+v", r)
		}
		if got, _ := asked.Load(name); got != "image v2 by ann key k1 force true" {
			t.Errorf("%s was asked %q", name, got)
		}
	}
	if p := out.Results[1].Problem; p.Status != 423 || p.Kind != v1.KindLocked {
		t.Errorf("%+v", p)
	}
	if _, others := asked.Load("b00"); others {
		t.Error("a board of another rack was asked")
	}
	if len(told.all) != 6 { // five boards, and the request
		t.Errorf("the audit was told %+v", told.all)
	}
}

func TestBulkDryRun(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	s := start(t, Config{Fleet: f})
	out := bulk(t, s, `{"action":"power-cycle","selector":"name=*","dry_run":true}`)
	if len(out.Results) != 40 || !out.DryRun || out.Refused != 0 || out.Results[0].State != board.Ready {
		t.Errorf("%+v", out)
	}
	asked.Range(func(name, what any) bool {
		t.Errorf("%s was asked %s", name, what)
		return true
	})
}

// A dry run says what each board would answer.
func TestBulkForesees(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	f.Put(apitest.Busy("b00"))
	var told changes
	s := start(t, Config{Fleet: f, Audit: told.add})
	for _, action := range []string{`"image","image":"v2"`, `"accept"`} {
		out := bulk(t, s, `{"boards":"b00,b01","dry_run":true,"action":`+action+`}`)
		if len(out.Results) != 2 || out.Refused != 1 || out.Results[0].Problem == nil || out.Results[0].Problem.Status != 409 || out.Results[1].Problem != nil {
			t.Errorf("%s: %+v", action, out)
		}
	}
	asked.Range(func(name, what any) bool {
		t.Errorf("%s was asked %s", name, what)
		return true
	})
	if len(told.all) != 2 { // that it was asked for
		t.Errorf("the audit was told %+v", told.all)
	}
}

func TestBulkActions(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	s := start(t, Config{Fleet: f})
	for action, want := range map[string]string{
		`"power-off"`: "power-off", `"self-test"`: "self-test", `"maintenance"`: "maintenance", `"cancel","force":true`: `cancel "" force true`,
		`"accept"`: "accept", `"unlock"`: "unlock", `"lock","why":"card"`: `lock "card"`, `"comment","comment":"slow"`: `comment "slow"`,
		`"label","labels":{"pool":"ci","old":null}`: "label",
	} {
		bulk(t, s, `{"boards":"b00","action":`+action+`}`)
		if got, _ := asked.Load("b00"); !strings.HasPrefix(got.(string), want) {
			t.Errorf("%s asked %q", action, got)
		}
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	f, _ := bulkFleet()
	s := start(t, Config{Fleet: f})
	for body, kind := range map[string]v1.Kind{
		`{}`: v1.KindBadRequest, `{"action":"dance","boards":"b00"}`: v1.KindBadRequest, `{"action":"power-on"}`: v1.KindBadRequest,
		`{"action":"image","boards":"b00"}`: v1.KindBadRequest, `{"action":"power-on","selector":"state=happy"}`: v1.KindBadRequest,
		`{"action":"power-on","boards":"b00,nobody"}`: v1.KindNotFound, `{"action":"lock","boards":"b00","until":"2020-01-01T00:00:00Z"}`: v1.KindBadRequest,
	} {
		res, data := call(t, s, "POST", "/api/v1/bulk", body)
		wantProblem(t, res, data, statuses[kind], kind)
	}
}

// A token for a rack changes no board of another, one by one or in bulk.
func TestBulkScope(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	s, tokens := guarded(t, Config{Fleet: f})
	out := bulk(t, s, `{"action":"power-on","boards":"b00,b01"}`, tokens["scoped"])
	if out.Refused != 1 || out.Results[0].Problem == nil || out.Results[0].Problem.Kind != v1.KindForbidden || out.Results[1].Problem != nil {
		t.Errorf("%+v", out)
	}
	if _, there := asked.Load("b00"); there {
		t.Error("a board of rack r1 was asked")
	}
}

func TestComment(t *testing.T) {
	t.Parallel()
	f, asked := bulkFleet()
	s := start(t, Config{Fleet: f})
	if res, body := call(t, s, "POST", "/api/v1/boards/b00/comment", `{"comment":"slow"}`); res.StatusCode != 202 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if got, _ := asked.Load("b00"); !strings.HasPrefix(got.(string), `comment "slow"`) {
		t.Errorf("asked %q", got)
	}
}
