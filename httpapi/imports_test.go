package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images/download"
	"mozpool/netboot/images/imports"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence/strictyaml"
)

func TestImport(t *testing.T) {
	t.Parallel()
	store := artifactStore(t)
	s := start(t, Config{Artifacts: store, Imports: apitest.Imports{Store: store}})
	res, body := call(t, s, "POST", artifactsPath+"/import", `{"url":"https://builds/v2.img.gz"}`)
	var got v1.StoredArtifact
	if err := json.Unmarshal(body, &got); err != nil || res.StatusCode != 200 || got.SHA256 != artifactSum("v2.img.gz") || got.Name != "v2.img.gz" {
		t.Errorf("%d %s, %v", res.StatusCode, body, err)
	}
	res, body = call(t, s, "POST", artifactsPath+"/import", `{"url":"https://ann:secret@builds/v2.img.gz"}`)
	if p := wantProblem(t, res, body, 400, v1.KindBadRequest); strings.Contains(p.Detail+p.Remedy, "secret") || p.Remedy == "" {
		t.Errorf("%+v", p)
	}
	res, body = call(t, start(t, Config{Artifacts: store}), "POST", artifactsPath+"/import", `{"url":"https://builds/v2.img.gz"}`)
	wantProblem(t, res, body, 501, v1.KindNotHere)
	if needOf("POST", artifactsPath+"/import") != access.Admin {
		t.Error("imports are the administrator's")
	}
}

func TestImportOf(t *testing.T) {
	t.Parallel()
	sum := artifactSum("image")
	for _, tc := range []struct {
		order v1.ImportOrder
		want  imports.Wanted
		says  string // empty: it is good
	}{
		{v1.ImportOrder{URL: "https://b/a/v2.img.gz?sig=x#top"}, imports.Wanted{URL: "https://b/a/v2.img.gz?sig=x", Name: "v2.img.gz"}, ""},
		{v1.ImportOrder{URL: "http://b:8/v%32.img", SHA256: sum}, imports.Wanted{URL: "http://b:8/v%32.img", SHA256: sum, Name: "v2.img"}, ""},
		{v1.ImportOrder{URL: "http://b/get?id=1", Name: "v2.img"}, imports.Wanted{URL: "http://b/get?id=1", Name: "v2.img"}, ""},
		{v1.ImportOrder{}, imports.Wanted{}, "no url"},
		{v1.ImportOrder{URL: "http://b/\x01"}, imports.Wanted{}, "cannot be read"},
		{v1.ImportOrder{URL: "ftp://b/v2.img"}, imports.Wanted{}, "no http or https"},
		{v1.ImportOrder{URL: "file:///etc/v2.img"}, imports.Wanted{}, "no http or https"},
		{v1.ImportOrder{URL: "https:///v2.img"}, imports.Wanted{}, "no http or https"},
		{v1.ImportOrder{URL: "v2.img"}, imports.Wanted{}, "no http or https"},
		{v1.ImportOrder{URL: "http://ann@b/v2.img"}, imports.Wanted{}, "user or a password"},
		{v1.ImportOrder{URL: "http://b/v2.img", SHA256: strings.ToUpper(sum)}, imports.Wanted{}, "no sha256"},
		{v1.ImportOrder{URL: "http://b/"}, imports.Wanted{}, "cannot be the name"},
		{v1.ImportOrder{URL: "http://b/v2.img", Name: "../v2.img"}, imports.Wanted{}, "cannot be the name"},
	} {
		w, err := importOf(tc.order)
		if tc.says == "" && (err != nil || w != tc.want) || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%+v: %+v, %v", tc.order, w, err)
		}
	}
}

// Whatever becomes of an import is told with what to do, and without what stands behind the path of its URL.
func TestImportProblems(t *testing.T) {
	t.Parallel()
	w := imports.Wanted{URL: "https://b/v2.img?sig=secret"}
	asked := &url.Error{Op: "Get", URL: w.URL, Err: errors.New("no route to host")}
	for _, tc := range []struct {
		err   error
		kind  v1.Kind
		says  string
		doing string
	}{
		{imports.ErrBusy, v1.KindUnavailable, "4 artifacts", "ask again"},
		{&uploads.FullError{Free: 1}, v1.KindUnavailable, "free", "prune"},
		{&strictyaml.RemedyError{What: "the 5 bytes have sha256 a, not b", Remedy: "correct the hash"}, v1.KindRefused, "nothing was kept of https://b/v2.img: the 5", "correct the hash"},
		{&download.StatusError{Status: "404 Not Found"}, v1.KindRefused, "https://b/v2.img: the server answers 404", "check that"},
		{&download.StatusError{Status: "503 Service Unavailable"}, v1.KindUnavailable, "503", "ask again"},
		{&download.StatusError{Status: "429 Too Many Requests"}, v1.KindUnavailable, "429", "ask again"},
		{&download.BrokenError{Err: asked}, v1.KindUnavailable, "https://b/v2.img did not come: no route to host", "can reach it"},
		{&download.BrokenError{Have: 7, Err: errors.New("nothing came for 30s")}, v1.KindUnavailable, "nothing came for 30s; 7 bytes are kept", "behind them"},
		{context.DeadlineExceeded, v1.KindUnavailable, "6h0m0s", "goes on"},
		{context.Canceled, v1.KindUnavailable, "in time", "ask again"},
		{errors.New("a disk"), v1.KindInternal, "mistake", "log"},
	} {
		p := problemOf(importProblem(w, fmt.Errorf("fetch: %w", tc.err)))
		if p.Kind != tc.kind || !strings.Contains(p.Detail, tc.says) || !strings.Contains(p.Remedy, tc.doing) || strings.Contains(p.Detail, "secret") {
			t.Errorf("%v: %+v", tc.err, p)
		}
	}
}

// endless never has the file, and tells when nobody waits any more.
type endless struct{ began, ended chan struct{} }

func (e endless) Import(ctx context.Context, _ imports.Wanted) (uploads.Artifact, error) {
	close(e.began)
	<-ctx.Done()
	close(e.ended)
	return uploads.Artifact{}, ctx.Err()
}

// An import ends with the client that waits for it, and with the server.
func TestImportsThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	for _, stops := range []bool{true, false} {
		e := endless{make(chan struct{}), make(chan struct{})}
		s := start(t, Config{Imports: e})
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		const body = `{"url":"https://builds/v2.img"}`
		if _, err := fmt.Fprintf(c, "POST %s/import HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", artifactsPath, len(body), body); err != nil {
			t.Fatal(err)
		}
		<-e.began
		if stops {
			s.hush()
		} else if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		<-e.ended
		if stops {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
