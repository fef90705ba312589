package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/httpapi/access"
	"mozpool/httpapi/apitest"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
)

func artifactSum(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func artifactStore(t *testing.T) *uploads.Store {
	t.Helper()
	store, err := uploads.Open(filepath.Join(t.TempDir(), "artifacts"))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// using is a catalogue with an image that was made of an upload.
type using struct {
	apitest.Catalogue
	sum string
}

func (u using) Images() []images.Image {
	return []images.Image{{Name: "v3", Source: "api", Artifacts: []images.ArtifactSpec{{Name: "disk", File: "v3.img", SHA256: u.sum, Stored: true}}}}
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Artifacts: artifactStore(t), MaxBody: 1000})
	data := strings.Repeat("image", 100_000) // far beyond MaxBody
	path := artifactsPath + "/" + artifactSum(data)
	for range 2 { // the second finds it there
		res, body := call(t, s, "PUT", path+"?name=v2.img.gz", data, "Content-Type: application/octet-stream")
		var got v1.StoredArtifact
		if err := json.Unmarshal(body, &got); err != nil || res.StatusCode != 200 || got.Size != int64(len(data)) || got.Name != "v2.img.gz" || got.Images == nil || !got.At.Equal(apitest.Now) {
			t.Fatalf("%d %s, %v", res.StatusCode, body, err)
		}
	}
	res, body := call(t, s, "GET", artifactsPath, "")
	var all v1.StoredArtifacts
	if err := json.Unmarshal(body, &all); err != nil || res.StatusCode != 200 || len(all.Artifacts) != 1 || all.Artifacts[0].SHA256 != artifactSum(data) {
		t.Errorf("%s, %v", body, err)
	}
	if res, body := call(t, s, "GET", path, ""); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, body := call(t, s, "DELETE", path, ""); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for _, method := range []string{"GET", "DELETE"} {
		res, body := call(t, s, method, path, "")
		wantProblem(t, res, body, 404, v1.KindNotFound)
	}
	if needOf("PUT", artifactsPath+"/{sha256}") != access.Admin || needOf("DELETE", artifactsPath+"/{sha256}") != access.Admin {
		t.Error("artifacts are the administrator's")
	}
}

// A journal that stores nothing is no mistake of the server's: whoever asked is told so, and to ask again.
func TestWithoutAMajority(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{persistence.ErrUnavailable: "stores nothing", persistence.ErrUnknown: "not known"} {
		if p := problemOf(fmt.Errorf("find out: %w: %w", err, context.DeadlineExceeded)); p.Status != 503 || p.Kind != v1.KindUnavailable || !strings.Contains(p.Detail, want) || p.Remedy == "" {
			t.Errorf("%v is %+v", err, p)
		}
	}
}

func TestArtifactRefusals(t *testing.T) {
	t.Parallel()
	store := artifactStore(t)
	s, none := start(t, Config{Artifacts: store}), start(t, Config{})
	good := artifactsPath + "/" + artifactSum("image")
	for _, c := range []struct {
		server     *Server
		path, body string
		status     int
		kind       v1.Kind
	}{
		{s, good + "?name=a.img", "imagf", 409, v1.KindRefused},
		{s, good + "?name=a.img", "", 409, v1.KindRefused},
		{s, good, "image", 400, v1.KindBadRequest},
		{s, good + "?name=../a", "image", 400, v1.KindBadRequest},
		{s, good + "?name=a.img&x=1", "image", 400, v1.KindBadRequest},
		{s, artifactsPath + "/abc?name=a.img", "image", 400, v1.KindBadRequest},
		{none, good + "?name=a.img", "image", 501, v1.KindNotHere},
	} {
		res, body := call(t, c.server, "PUT", c.path, c.body)
		wantProblem(t, res, body, c.status, c.kind)
	}
	if all, err := store.List(); err != nil || len(all) != 0 {
		t.Errorf("kept %v, %v", all, err)
	}
}

// What an image or a running attempt uses stays, and the answer says who.
func TestUsedArtifactsStay(t *testing.T) {
	t.Parallel()
	store := artifactStore(t)
	sum := artifactSum("image")
	if _, err := store.Put(sum, "v3.img", -1, strings.NewReader("image"), apitest.Now); err != nil {
		t.Fatal(err)
	}
	writing, done := apitest.Board("b1", board.Writing), apitest.Board("b2", board.Ready)
	order := &images.Order{Artifacts: []images.Artifact{{File: images.File{In: images.InStore, Path: images.UploadFolder + "/" + sum, SHA256: sum}}}}
	writing.Inputs, done.Inputs = &actors.Inputs{Order: order}, &actors.Inputs{Order: order}
	busy, rest := &apitest.Fleet{}, &apitest.Fleet{}
	busy.Put(writing)
	rest.Put(done)
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"an image":   {Config{Fleet: rest, Catalogue: func() Catalogue { return using{sum: sum} }}, "images v3"},
		"an attempt": {Config{Fleet: busy}, "b1"},
	} {
		c.cfg.Artifacts = store
		res, body := call(t, start(t, c.cfg), "DELETE", artifactsPath+"/"+sum, "")
		if p := wantProblem(t, res, body, 409, v1.KindRefused); !strings.Contains(p.Detail, c.says) || strings.Contains(p.Detail, "b2") {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	if res, body := call(t, start(t, Config{Fleet: rest, Artifacts: store}), "DELETE", artifactsPath+"/"+sum, ""); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// A client that hangs up, or says nothing any more, leaves nothing behind, whichever way it sends.
func TestUploadsThatBreakOff(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"length": "Content-Length: 50\r\n\r\nimage", "chunks": "Transfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n"} {
		for _, hangsUp := range []bool{true, false} {
			store := artifactStore(t)
			s := start(t, Config{Artifacts: store, ReadLimit: 100 * time.Millisecond})
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			// The hash is that of what does come: that it is not all must be found out by other means.
			if _, err := fmt.Fprintf(c, "PUT %s/%s?name=a.img HTTP/1.1\r\nHost: x\r\n%s", artifactsPath, artifactSum("image"), head); err != nil {
				t.Fatal(err)
			}
			want := 408
			if hangsUp {
				want = 400
				if err := c.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			answer, err := io.ReadAll(c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if !bytes.HasPrefix(answer, fmt.Appendf(nil, "HTTP/1.1 %d %s", want, http.StatusText(want))) {
				t.Errorf("%s, hangs up %v: %.100s, %v", name, hangsUp, answer, err)
			}
			if all, err := store.List(); err != nil || len(all) != 0 {
				t.Errorf("%s: kept %v, %v", name, all, err)
			}
		}
	}
}
