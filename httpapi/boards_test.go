package httpapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

func TestBoardJSON(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Put(apitest.Board("b2", board.New))
	s := start(t, Config{Fleet: f})
	res, body := call(t, s, "GET", "/api/v1/boards/b1", "")
	if res.Header.Get("ETag") != `"42"` {
		t.Errorf("ETag is %q", res.Header.Get("ETag"))
	}
	golden(t, "board.json", indent(t, body))
	_, body = call(t, s, "GET", "/api/v1/boards/b2", "")
	golden(t, "board-new.json", indent(t, body))
	var keys map[string]any
	if err := json.Unmarshal(body, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range strings.Fields("name id rack hardware mac address place state since deadline visit attempt boot " +
		"wish image waiting_for evidence blame lock labels comment power") {
		if _, ok := keys[k]; !ok {
			t.Errorf("the key %s is missing", k)
		}
	}
}

func TestThings(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Unknown = []actors.Stranger{{MAC: "52:54:00:09:00:01", Rack: "r1", First: apitest.Now, Last: apitest.Now, Times: 1}}
	f.Switches = []actors.RelayView{{Name: "r:2101", State: "idle", Good: apitest.Now}}
	s := start(t, Config{Fleet: f, Catalogue: func() Catalogue { return apitest.Catalogue{} }, Racks: []v1.Rack{{Name: "r0", Listen: "10.91.0.1"}}})
	for _, what := range []string{"images", "hardware", "relays", "racks", "discovered"} {
		_, body := call(t, s, "GET", "/api/v1/"+what, "")
		golden(t, what+".json", indent(t, body))
	}
}

func indent(t *testing.T, body []byte) []byte {
	t.Helper()
	var v json.RawMessage = body
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return append(out, '\n')
}

func list(t *testing.T, s *Server, query string) (names []string, next string) {
	t.Helper()
	res, body := call(t, s, "GET", "/api/v1/boards?"+query, "")
	var page v1.Boards
	if err := json.Unmarshal(body, &page); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %s %s", query, res.Status, body)
	}
	for _, b := range page.Boards {
		names = append(names, b.Name)
	}
	return names, page.Next
}

func TestFilters(t *testing.T) {
	t.Parallel()
	f := fleet()
	broken := apitest.Board("b2", board.FailedBoot)
	broken.Spec.Rack, broken.Spec.Labels = "r2", map[string]string{"pool": "lab", "old": ""}
	f.Put(broken)
	f.Put(apitest.Board("b3", board.Ready))
	s := start(t, Config{Fleet: f})
	for query, want := range map[string]string{
		"": "b1 b2 b3", "rack=r2": "b2", "state=ready": "b3", "state=ready,downloading": "b1 b3", "state=failed": "b2",
		"label=pool": "b1 b2", "label=pool=ci": "b1", "label=pool&label=old": "b2", "image=v2": "b1", "image=v1": "",
		"text=CHASSIS": "b1", "text=10.91.0.101": "b1", "text=nothing": "", "rack=r1&state=ready": "b3",
	} {
		if names, _ := list(t, s, query); strings.Join(names, " ") != want {
			t.Errorf("%s: %v, want %s", query, names, want)
		}
	}
	for _, query := range []string{"state=happy", "limit=0", "limit=x", "limit=9999999", "cursor=x", "rack=a&rack=b", "rack=%ff"} {
		res, body := call(t, s, "GET", "/api/v1/boards?"+query, "")
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	f := &apitest.Fleet{}
	var want []string
	for i := range 7 {
		name := fmt.Sprintf("b%d", i)
		want = append(want, name)
		f.Put(apitest.Board(name, board.Ready))
	}
	s := start(t, Config{Fleet: f})
	var got []string
	for query := "limit=3"; query != ""; {
		names, next := list(t, s, query)
		got = append(got, names...)
		if query = ""; next != "" {
			query = "limit=3&cursor=" + url.QueryEscape(next)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages: %v", got)
	}
	if names, next := list(t, s, "limit=7"); len(names) != 7 || next != "" {
		t.Errorf("a full page that is the last: %v, next %q", names, next)
	}
	// The board that the cursor names may be gone by then.
	if names, _ := list(t, s, "cursor="+packCursor("b4x")); !slices.Equal(names, want[5:]) {
		t.Errorf("after b4x: %v", names)
	}
}

func TestImageOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b    board.Board
		want string
	}{
		{board.Board{State: board.Writing, Image: "new", Card: "old"}, "new"},
		{board.Board{State: board.FailedInstall, Image: "new"}, "new"},
		{board.Board{State: board.Ready, Image: "new", Card: "new"}, "new"},
		{board.Board{State: board.Ready, Image: "asked", Card: "there"}, "there"},
		{board.Board{State: board.Cutting, Card: "there"}, "there"},
	} {
		if got := imageOf(&c.b); got != c.want {
			t.Errorf("%+v: %q", c.b, got)
		}
	}
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Past = []actors.Event{{Attempt: 1, From: board.Cutting, To: board.Powering}, {Attempt: 2}}
	s := start(t, Config{Fleet: f})
	_, body := call(t, s, "GET", "/api/v1/boards/b1/attempts/1", "")
	var d v1.AttemptDetail
	if err := json.Unmarshal(body, &d); err != nil || d.Number != 1 || len(d.Events) != 1 || d.Events[0].To != board.Powering {
		t.Errorf("%s: %+v", body, d)
	}
	res, body := call(t, s, "GET", "/api/v1/boards/b1/attempts/2", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
	if d.Moments == nil {
		t.Errorf("an ended attempt: log %+v, moments %v", d.Log, d.Moments)
	}
	res, body = call(t, s, "GET", "/api/v1/boards/b1/attempts/x", "")
	wantProblem(t, res, body, 400, v1.KindBadRequest)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.Past = []actors.Event{{Attempt: 1, From: board.Ready, To: board.Cutting, By: board.Wish, Visit: 1}, {Attempt: 2, From: board.Cutting, To: board.Powering, By: board.PowerIsOff, Visit: 2}}
	s := start(t, Config{Fleet: f})
	for query, want := range map[string][]uint64{"": {2, 1}, "?limit=1": {2}} {
		_, body := call(t, s, "GET", "/api/v1/boards/b1/history"+query, "")
		var h v1.History
		if err := json.Unmarshal(body, &h); err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, e := range h.Transitions {
			got = append(got, e.Visit)
		}
		if !slices.Equal(got, want) || h.Transitions[0].Attempt != 2 || h.Transitions[0].From != board.Cutting {
			t.Errorf("%q: %s", query, body)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=-1", "?limit=101", "?limit=x"} {
		res, body := call(t, s, "GET", "/api/v1/boards/b1/history"+query, "")
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
}

func TestRunningAttempt(t *testing.T) {
	t.Parallel()
	f := &apitest.Fleet{Silent: []string{"img2"}, Told: map[uint32][]actors.Moment{7: {{At: apitest.Now, What: actors.MomentEffect, Effect: board.MakeOff, Visit: 3, Took: 12}}}}
	busy := apitest.Busy("b1")
	busy.Board.Attempt, busy.Board.Tries = 7, map[board.State]uint8{board.Booting: 2, board.Live: 1}
	f.Put(busy)
	s := start(t, Config{Fleet: f})
	_, body := call(t, s, "GET", "/api/v1/boards/b1/attempts/7", "")
	var d v1.AttemptDetail
	if err := json.Unmarshal(body, &d); err != nil || d.Number != 7 || d.Tries != 3 || d.Result != busy.Board.State || !d.Ended.IsZero() ||
		d.Log.Until.IsZero() || len(d.Missing) != 1 || len(d.Moments) != 1 || d.Moments[0].Effect != board.MakeOff || d.Moments[0].Took != 12 {
		t.Errorf("%s: %+v", body, d)
	}
	if strings.Contains(string(body), `"ended"`) {
		t.Errorf("it ends while it runs: %s", body)
	}
	res, body := call(t, s, "GET", "/api/v1/boards/b1/attempts/8", "")
	wantProblem(t, res, body, 404, v1.KindNotFound)
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var reasons []string
	s := start(t, Config{NotReady: func() []string { return reasons }, Remarks: func() []string { return []string{"API only"} }})
	if res, body := call(t, s, "GET", "/readyz", ""); res.StatusCode != 200 || string(body) != `{"ready":true,"reasons":[],"remarks":["API only"]}`+"\n" {
		t.Errorf("%s %s", res.Status, body)
	}
	reasons = []string{"no journal", "no lease"}
	res, body := call(t, s, "GET", "/readyz", "")
	p := wantProblem(t, res, body, 503, v1.KindUnavailable)
	var r v1.Readiness
	if err := json.Unmarshal(body, &r); err != nil || !slices.Equal(r.Reasons, reasons) || !strings.Contains(p.Detail, "no lease") {
		t.Errorf("%s: %v", body, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"image":"v2","config":{"a":"b"},"force":false}`, `{"IMAGE":"x"}`, `{"image":"a","image":"b"}`, `{"config":{"a":{}}}`, `{]`, `{"image":["x"]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var w v1.ImageWish
		err := decode(data, &w)
		if err == nil {
			if again, err := json.Marshal(w); err != nil || decode(again, &v1.ImageWish{}) != nil {
				t.Errorf("%q was taken and came out as %q", data, again)
			}
		} else if p := problemOf(err); p.Status != 400 {
			t.Errorf("%q: %+v", data, p)
		}
	})
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"IMAGE":"v2"}`:                                `"IMAGE"`,
		`{"image":"a","image":"b"}`:                     "twice",
		`{"config":{"k":"a","k":"b"}}`:                  `"config.k"`,
		`{"config":{"j":"","k":1}}`:                     `"config.k" is a number; send a string`,
		`{"config":{"k" : [] }}`:                        `"config.k" is a list`,
		`{"config":{"k": {"l":1}}}`:                     `"config.k" is an object`,
		`{"config": 1}`:                                 `"config" is a number; send an object`,
		`{"image":7}`:                                   "number",
		`{"image":["a"]}`:                               "list",
		`{"image":"a"`:                                  "JSON",
		`{"image":"a"} x`:                               "follows",
		`"image"`:                                       "object",
		strings.Repeat(`{"a":`, 100_000):                "known",
		`{"config":` + strings.Repeat(`{"a":`, 100_000): "deeply",
	} {
		err := decode([]byte(body), &v1.ImageWish{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: %v", body, err)
		}
	}
	if err := decode([]byte(`{"labels":{"pool":null,"x":5}}`), &v1.LabelOrder{}); err == nil || !strings.Contains(err.Error(), `"labels.x" is a number`) {
		t.Errorf("a label: %v", err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("b1")
	f.Add(packCursor("b1"))
	f.Add("====")
	f.Fuzz(func(t *testing.T, text string) {
		name, err := openCursor(text)
		if err == nil && packCursor(name) != text {
			t.Errorf("%q opens as %q, which packs as %q", text, name, packCursor(name))
		}
	})
}

// Whatever stands behind the question mark is understood or refused, never a mistake of ours.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"state=ready&limit=5", "label=a&label=b=c", "state=failed,ready", "limit=-1", "cursor=!", "%zz=%", "state=%ff", "limit=5&limit=6"} {
		f.Add(s)
	}
	known := []string{"rack", "state", "label", "image", "text", "limit", "cursor"}
	f.Fuzz(func(t *testing.T, text string) {
		var c fasthttp.RequestCtx
		c.Request.Header.SetMethod("GET")
		c.Request.URI().SetQueryString(text)
		q, err := readQuery(&c, known)
		if err == nil {
			_, err = readFilter(q)
		}
		if err == nil {
			_, err = q.number("limit", pageBoards, maxBoards)
		}
		if err != nil && problemOf(err).Status != 400 {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// A condition is a visit, a refusal that says why, or missing.
func FuzzIfMatch(f *testing.F) {
	for _, s := range []string{`"42"`, `*`, `W/"42"`, `42`, `"42", "43"`, `"`, `"-1"`, `"99999999999999999999"`} {
		f.Add(s)
	}
	s := New(Config{Fleet: fleet()})
	f.Fuzz(func(t *testing.T, text string) {
		var c fasthttp.RequestCtx
		c.Request.Header.Set(fasthttp.HeaderIfMatch, text)
		_, err := s.ifMatch(&request{name: "b1", raw: &c})
		if status := problemOf(err).Status; err != nil && status != 400 && status != 412 && status != 428 {
			t.Errorf("%q: %d %v", text, status, err)
		}
	})
}
