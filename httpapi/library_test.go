package httpapi

import (
	"testing"

	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// An entry is handed on as it came, with what its sender believes; the answer has the revision for the next change.
func TestPut(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct{ entry, noted string }{
		"/api/v1/images/v3":   {`{"install": "raw", "artifacts": [{"name": "disk", "file": "a.img", "sha256": "ab"}]}`, ""},
		"/api/v1/hardware/v3": {`{"live": "live/omap5", "disk": "/dev/mmcblk0"}`, "type "},
	} {
		l := &apitest.Library{}
		s := start(t, Config{Library: l})
		res, body := call(t, s, "PUT", path, c.entry, `If-Match: "abc"`)
		if got := l.Asked(); res.StatusCode != 200 || res.Header.Get("ETag") != `"0123456789abcdef"` || len(got) != 1 || got[0] != "put "+c.noted+"v3 "+c.entry+" abc" {
			t.Errorf("%d %s, asked %q", res.StatusCode, body, got)
		}
		putConditions(t, s, path, c.entry)
		for _, bad := range []string{"", "null", "3"} {
			res, body := call(t, s, "PUT", path, bad)
			wantProblem(t, res, body, 400, v1.KindBadRequest)
		}
		if res, body := call(t, s, "DELETE", path, "", `If-Match: "abc"`); res.StatusCode != 200 || l.Asked()[2] != "remove "+c.noted+"v3  abc" {
			t.Errorf("%d %s, asked %q", res.StatusCode, body, l.Asked())
		}
		none := start(t, Config{})
		for _, method := range []string{"PUT", "DELETE"} {
			res, body := call(t, none, method, path, "")
			wantProblem(t, res, body, 501, v1.KindNotHere)
			if needOf(method, path) != access.Admin {
				t.Errorf("%s is not the administrator's alone", method)
			}
		}
	}
}

func putConditions(t *testing.T, s *Server, path, entry string) {
	t.Helper()
	for _, c := range []struct {
		header string
		status int
		kind   v1.Kind
	}{
		{"If-None-Match: *", 412, v1.KindMismatch},
		{`If-None-Match: "abc"`, 400, v1.KindBadRequest},
		{"If-Match: abc", 400, v1.KindBadRequest},
		{`If-Match: ""`, 400, v1.KindBadRequest},
	} {
		res, body := call(t, s, "PUT", path, entry, c.header)
		wantProblem(t, res, body, c.status, c.kind)
	}
	res, body := call(t, s, "PUT", path, entry, "If-None-Match: *", `If-Match: "abc"`)
	wantProblem(t, res, body, 400, v1.KindBadRequest)
}

// What is shown of one image or hardware type says in its ETag at which revision it is.
func TestRevisionsAreTags(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Catalogue: func() Catalogue { return apitest.Catalogue{} }})
	for path, want := range map[string]string{"/api/v1/images/v2": `"0123456789abcdef"`, "/api/v1/hardware/panda": `"fedcba9876543210"`} {
		if res, _ := call(t, s, "GET", path, ""); res.Header.Get("ETag") != want {
			t.Errorf("%s: ETag is %s", path, res.Header.Get("ETag"))
		}
	}
}
