package netboot

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"mozpool/actors/board"
)

func (r *rig) do(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Addrs().HTTP.String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	tr := &http.Transport{DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(data)
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := "/b/" + alive.String()
	for _, c := range []struct {
		path                    string
		get, head, post, delete int
	}{
		{b + "/second-stage.sh", 200, 200, 405, 405},
		{b + "/config", 200, 200, 405, 405},
		{b + "/config/build", 200, 200, 405, 405},
		{b + "/config/none", 404, 404, 405, 405},
		{b + "/artifact/disk", 200, 200, 405, 405},
		{b + "/artifact/none", 404, 404, 405, 405},
		{b + "/kernel", 200, 200, 405, 405},
		{b + "/fdt", 404, 404, 405, 405},
		{b + "/event/downloading", 200, 405, 200, 405},
		{b + "/event/nonsense", 404, 405, 404, 405},
		{b + "/progress?done=1&total=2", 200, 405, 200, 405},
		{b + "/progress?done=x", 400, 405, 400, 405},
		{"/b/" + past.String() + "/kernel", 410, 410, 410, 410},
		{"/b/" + past.String() + "/event/writing", 410, 410, 410, 410},
		{"/b/" + unknown.String() + "/event/writing", 404, 404, 404, 404},
		{"/b//kernel", 404, 404, 404, 404},
		{"/up?image=v1", 200, 405, 200, 405},
		{"/up", 400, 405, 400, 405},
		{"/boot/lpxelinux.0", 200, 200, 405, 405},
		{"/boot/..%2fsecret", 404, 404, 404, 404},
		{"/boot/none", 404, 404, 405, 405},
		{"/api/device/board1/event/b2g_downloading/", 404, 404, 404, 404},
		{"/", 404, 404, 404, 404},
	} {
		for method, want := range map[string]int{"GET": c.get, "HEAD": c.head, "POST": c.post, "DELETE": c.delete} {
			res, body := r.do(t, method, c.path)
			if res.StatusCode != want {
				t.Errorf("%s %s: %d %q, want %d", method, c.path, res.StatusCode, body, want)
			}
			if (res.StatusCode == 405) != (res.Header.Get("Allow") != "") {
				t.Errorf("%s %s: %d with Allow %q", method, c.path, res.StatusCode, res.Header.Get("Allow"))
			}
		}
	}
}

func TestArtifactRanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	path := "/b/" + alive.String() + "/artifact/disk"
	res, _ := r.do(t, "HEAD", path)
	etag := res.Header.Get("ETag")
	if res.ContentLength != 16 || len(etag) != 66 {
		t.Errorf("HEAD: %d bytes, ETag %s", res.ContentLength, etag)
	}
	for _, c := range []struct {
		header, value string
		status        int
		body          string
	}{
		{"Range", "bytes=0-3", 206, "0123"},
		{"Range", "bytes=10-", 206, "abcdef"},
		{"Range", "bytes=-2", 206, "ef"},
		{"Range", "bytes=10-99", 206, "abcdef"},
		{"Range", "bytes=16-", 416, "no such range\n"},
		{"Range", "bytes=0-1,3-4", 200, artifactText},
		{"Range", "lines=1-2", 200, artifactText},
		{"If-None-Match", etag, 304, ""},
		{"If-None-Match", `"other"`, 200, artifactText},
	} {
		if res, body := r.do(t, "GET", path, c.header, c.value); res.StatusCode != c.status || body != c.body {
			t.Errorf("%s: %s: %d %q, want %d %q", c.header, c.value, res.StatusCode, body, c.status, c.body)
		}
	}
}

func TestWriteGate(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, c := range []struct {
		verdict board.Verdict
		err     error
		writing int
		other   int
	}{
		{board.Moved, nil, 200, 200}, {board.Repeated, nil, 200, 200}, {board.Over, nil, 410, 410}, {board.NotNow, nil, 410, 409},
		{board.Moved, errors.New("no commit"), 503, 503},
	} {
		r.fleet.mu.Lock()
		r.fleet.verdict, r.fleet.err = c.verdict, c.err
		r.fleet.mu.Unlock()
		for event, want := range map[string]int{"writing": c.writing, "downloading": c.other} {
			res, body := r.do(t, "GET", "/b/"+alive.String()+"/event/"+event)
			if res.StatusCode != want || (want == 503) != (res.Header.Get("Retry-After") != "") || strings.Count(body, "\n") != 1 {
				t.Errorf("%s at %v, %v: %d %q, want %d", event, c.verdict, c.err, res.StatusCode, body, want)
			}
		}
	}
}

// What a card says of its wear goes along; nonsense decides nothing.
func TestWearGoesAlong(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	sum := order(r.fleet.view).Artifacts[0].Unpacked.SHA256
	for query, want := range map[string]*board.Wear{"&wear=0x01:0x0a:0x01:2": {Life: 10, PreEOL: 1, Errors: 2}, "": nil, "&wear=much": nil} {
		r.do(t, "GET", "/b/"+alive.String()+"/event/rebooting?readback=disk:full:"+sum+query)
		r.fleet.mu.Lock()
		in := r.fleet.asked[len(r.fleet.asked)-1].Input
		r.fleet.mu.Unlock()
		if !in.Good || (in.Wear == nil) != (want == nil) || want != nil && *in.Wear != *want {
			t.Errorf("%q: good %v, %+v", query, in.Good, in.Wear)
		}
	}
}

func TestReadbackIsJudged(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	sum := order(r.fleet.view).Artifacts[0].Unpacked.SHA256
	for _, c := range []struct {
		query string
		good  bool
	}{
		{"?readback=disk:full:" + sum, true}, {"", false}, {"?readback=disk:full:" + strings.Repeat("0", 64), false},
		{"?readback=disk:off:-", false}, {"?readback=disk:full:-", false}, {"?readback=garbage", false}, {"?readback=other:full:" + sum, false},
	} {
		r.do(t, "GET", "/b/"+alive.String()+"/event/rebooting"+c.query)
		r.fleet.mu.Lock()
		in := r.fleet.asked[len(r.fleet.asked)-1].Input
		r.fleet.mu.Unlock()
		if in.Good != c.good || in.Good != (in.Text == "") {
			t.Errorf("%q: good %v, %q", c.query, in.Good, in.Text)
		}
	}
}

func TestBareCallbacks(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	if res, body := r.do(t, "GET", "/api/device/board1/event/b2g_rebooting/"); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	r.fleet.mu.Lock()
	in := r.fleet.asked[0].Input
	r.fleet.mu.Unlock()
	if in.Kind != board.Rebooting || !in.Bare || !in.Good {
		t.Errorf("input %+v", in)
	}
	if res, body := r.do(t, "GET", "/api/device/board1/bootconfig/"); res.StatusCode != 200 || body != "{\"build\":\"42\"}\n" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
