package netboot

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mozpool/actors/board"
)

// TestRangeHeaders looks at what is set before and after text clears the headers.
func TestRangeHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	path := "/b/" + alive.String() + "/artifact/disk"
	res, _ := r.do(t, "GET", path, "Range", "bytes=16-")
	if got := res.Header.Get("Content-Range"); res.StatusCode != 416 || got != "bytes */16" {
		t.Errorf("%d with Content-Range %q", res.StatusCode, got)
	}
	res, _ = r.do(t, "GET", path, "Range", "bytes=2-3")
	if got := res.Header.Get("Content-Range"); got != "bytes 2-3/16" || res.ContentLength != 2 || res.Header.Get("ETag") == "" {
		t.Errorf("Content-Range %q, %d bytes, ETag %q", got, res.ContentLength, res.Header.Get("ETag"))
	}
	if res, body := r.do(t, "GET", path, "Range", "bytes=2-3", "If-Range", `"other"`); res.StatusCode != 200 || body != artifactText {
		t.Errorf("a range of another file: %d %q", res.StatusCode, body)
	}
}

// TestEvidenceOfReads: HEAD, 304, 416 and a range that ends early prove nothing.
func TestEvidenceOfReads(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := "/b/" + alive.String()
	etag := `"` + order(r.fleet.view).Artifacts[0].SHA256 + `"`
	for _, c := range []struct{ method, path, header, value string }{
		{"HEAD", b + "/second-stage.sh", "Accept", "*/*"}, {"HEAD", b + "/kernel", "Accept", "*/*"}, {"HEAD", b + "/artifact/disk", "Accept", "*/*"},
		{"GET", b + "/artifact/disk", "If-None-Match", etag}, {"GET", b + "/artifact/disk", "Range", "bytes=99-"},
		{"GET", b + "/kernel", "Range", "bytes=0-3"},
	} {
		r.do(t, c.method, c.path, c.header, c.value)
	}
	if got := r.fleet.kinds(); len(got) != 0 {
		t.Errorf("told %v, want nothing", got)
	}
	for i, c := range []struct {
		path, value string
		want        board.Kind
	}{
		{b + "/kernel", "bytes=4-", board.KernelRead}, {b + "/initrd", "bytes=0-", board.InitrdRead},
		{b + "/artifact/disk", "bytes=0-3", board.ArtifactRead}, {b + "/second-stage.sh", "", board.StageRead},
	} {
		r.do(t, "GET", c.path, "Range", c.value)
		r.heard(t, 1)
		if got := r.fleet.kinds(); len(got) != i+1 || got[i] != c.want {
			t.Errorf("%s: told %v, want %s last", c.path, got, c.want)
		}
	}
}

func TestReplacedFileIsNotServed(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	if err := os.WriteFile(filepath.Join(r.files, "artifacts/v1.img"), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	res, body := r.do(t, "GET", "/b/"+alive.String()+"/artifact/disk")
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || strings.Contains(body, "something") {
		t.Errorf("%d %q", res.StatusCode, body)
	}
	if !r.logs.has("cannot be served") {
		t.Errorf("the board's log does not say why: %v", r.logs.all())
	}
	if got := r.fleet.kinds(); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

// fakeConn takes what is sent to it and says by which way it came.
type fakeConn struct {
	net.Conn
	bytes.Buffer
	files int // chunks that came as files, as sendfile needs them
}

func (*fakeConn) SetWriteDeadline(time.Time) error { return nil }

func (c *fakeConn) Write(p []byte) (int, error) { return c.Buffer.Write(p) }

func (c *fakeConn) Read(p []byte) (int, error) { return c.Buffer.Read(p) }

func (c *fakeConn) ReadFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			c.files++
		}
	}
	return c.Buffer.ReadFrom(r)
}

// TestBodyGoesAsAFile: anything but a file in a LimitedReader would be copied through memory.
func TestBodyGoesAsAFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "big")
	data := bytes.Repeat([]byte("0123456789abcdef"), (2*sendChunk+512)/16)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	conn := &fakeConn{}
	b := &body{Transfer: &Transfer{Content: f, Size: int64(len(data))}, length: int64(len(data)), conn: conn}
	b.Done = func(sent int64, err error) { told = append(told, fmt.Sprint(sent, err)) }
	if _, err := b.WriteTo(conn); err != nil || conn.files != 3 || !bytes.Equal(conn.Bytes(), data) {
		t.Errorf("%v: %d chunks as files, %d bytes", err, conn.files, conn.Len())
	}
	if err := b.Close(); err != nil || len(told) != 1 || told[0] != fmt.Sprint(len(data), nil) {
		t.Errorf("%v, told %v", err, told)
	}
}

// TestClientThatLeaves: the transfer's end is told as broken, and proves nothing.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{kernel: strings.Repeat("k", 32<<20)})
	conn, err := net.Dial("tcp", r.Addrs().HTTP.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET /b/%s/kernel HTTP/1.1\r\nHost: x\r\n\r\n", alive); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	r.logs.wait(t, "broke off")
	if got := r.fleet.kinds(); len(got) != 0 {
		t.Errorf("told %v of half a kernel", got)
	}
}

// TestHalfARequestEnds: a board that dies in the middle of its request holds no connection.
func TestHalfARequestEnds(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, rigOptions{patience: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", r.Addrs().HTTP.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /b/"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	if res, _ := r.do(t, "GET", "/up?image="+strings.Repeat("x", 8000)); res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long URL: %d", res.StatusCode)
	}
	for _, c := range []struct{ path, want string }{
		{"/boot/" + strings.Repeat("x", 200), "no such file\n"}, {"/boot/50%25.txt", "half"},
	} {
		if _, body := r.do(t, "GET", c.path); body != c.want {
			t.Errorf("%s: %q, want %q", c.path, body, c.want)
		}
	}
}

// TestNothingLeaksBetweenRequests sends three requests over one connection; each of them is told with its own words.
func TestNothingLeaksBetweenRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	tr := &http.Transport{MaxConnsPerHost: 1}
	defer tr.CloseIdleConnections()
	want := []string{"aaaa", "bb", "cccccccc"}
	for _, text := range want {
		res, err := (&http.Client{Transport: tr}).Get("http://" + r.Addrs().HTTP.String() + "/b/" + alive.String() + "/event/failed?text=" + text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r.fleet.mu.Lock()
	defer r.fleet.mu.Unlock()
	var got []string
	for _, e := range r.fleet.asked {
		got = append(got, e.Input.Text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("heard %q", got)
	}
}

// TestOversizedBody: what boards never send is refused with the status for it.
func TestOversizedBody(t *testing.T) {
	r := newRig(t, false)
	res, err := http.Post("http://"+r.Addrs().HTTP.String()+"/up?image=v1", "text/plain", strings.NewReader(strings.Repeat("x", httpBody+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // its text is not used
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("an oversized body got %d", res.StatusCode)
	}
}

// TestDownloadsShare: a board that takes nothing holds up no other, and goes on where it stood.
func TestDownloadsShare(t *testing.T) {
	t.Parallel()
	kernel := strings.Repeat("0123456789abcdef", 1<<20) // more than any buffer between
	r := newRigOf(t, rigOptions{kernel: kernel})
	url := fmt.Sprintf("http://%s/b/%s/kernel", r.Addrs().HTTP, alive)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var stalled []*http.Response
	for range 16 {
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		stalled = append(stalled, res) // and nobody reads it
	}
	var others sync.WaitGroup
	for range 8 {
		others.Go(func() {
			if err := read(client, url, []byte(kernel)); err != nil {
				t.Error(err)
			}
		})
	}
	others.Wait()
	for _, res := range stalled {
		if got, err := io.ReadAll(res.Body); err != nil || string(got) != kernel {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}
