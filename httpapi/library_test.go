package httpapi

import (
	"testing"

	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
)

// An entry is handed on as it came, with what its sender believes; the answer has the revision for the next change.
func TestPutImage(t *testing.T) {
	t.Parallel()
	l := &apitest.Library{}
	s := start(t, Config{Library: l})
	const path, entry = "/api/v1/images/v3", `{"install": "raw", "artifacts": [{"name": "disk", "file": "a.img", "sha256": "ab"}]}`
	res, body := call(t, s, "PUT", path, entry, `If-Match: "abc"`)
	if got := l.Asked(); res.StatusCode != 200 || res.Header.Get("ETag") != `"0123456789abcdef"` || len(got) != 1 || got[0] != "put v3 "+entry+" abc" {
		t.Errorf("%d %s, asked %q", res.StatusCode, body, got)
	}
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
	res, body = call(t, s, "PUT", path, entry, "If-None-Match: *", `If-Match: "abc"`)
	wantProblem(t, res, body, 400, v1.KindBadRequest)
	for _, bad := range []string{"", "null", "3"} {
		res, body := call(t, s, "PUT", path, bad)
		wantProblem(t, res, body, 400, v1.KindBadRequest)
	}
	if res, body := call(t, s, "DELETE", path, ""); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	none := start(t, Config{})
	for _, method := range []string{"PUT", "DELETE"} {
		res, body := call(t, none, method, path, "")
		wantProblem(t, res, body, 501, v1.KindNotHere)
		if needOf(method, v1.Prefix+"/images/{name}") != access.Admin {
			t.Errorf("%s is not the administrator's alone", method)
		}
	}
}
