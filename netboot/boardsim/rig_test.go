package boardsim

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pin/tftp/v3"
	"go.uber.org/goleak"

	"mozpool/netboot/live"
)

// TestMain looks for goroutines that outlive their boards.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token     = "abcdefghijklmnopqrstuvwxyz"
	testSpeed = 200
	patience  = 30 * time.Second // of the tests; nothing is measured by it
	imageSize = 1 << 20
)

// server plays the imaging server of contracts.md to one board: it serves an entry until `rebooting`, and answers each
// path from a list, the last answer for ever; a path without a list is 200.
type server struct {
	http   *httptest.Server
	tftp   netip.AddrPort
	syslog *net.UDPConn

	mu      sync.Mutex
	entry   bool
	stage   []byte
	files   map[string][]byte // below the boot's URL
	answers map[string][]int
	log     []string
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{entry: true, files: map[string][]byte{}, answers: map[string][]int{}}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.http.Close)
	conn := listenUDP(t)
	s.tftp = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	engine := tftp.NewServer(s.read, nil)
	engine.SetTimeout(time.Second)
	engine.SetRetries(1)
	served := make(chan error, 1)
	go func() { served <- engine.Serve(conn) }()
	t.Cleanup(func() {
		engine.Shutdown()
		if err := <-served; err != nil {
			t.Errorf("TFTP: %v", err)
		}
	})
	s.syslog = listenUDP(t)
	return s
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the engine may have closed it
	return conn
}

func (s *server) base() string { return s.http.URL + "/b/" + token }

// read answers the loader.
func (s *server) read(name string, rf io.ReaderFrom) error {
	content, ok := s.file(name)
	if !ok {
		return errors.New("no such file")
	}
	_, err := rf.ReadFrom(bytes.NewReader(content))
	return err
}

func (s *server) file(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, "tftp "+name)
	switch {
	case strings.HasPrefix(name, "pxelinux.cfg/01-"):
		return fmt.Appendf(nil, "DEFAULT mozpool\nLABEL mozpool\nKERNEL b/%[1]s/kernel\nINITRD b/%[1]s/initrd\nAPPEND console=sim0 mobile-imaging-url=%[2]s/second-stage.sh\n",
			token, s.base()), s.entry
	case name == "boot.ipxe":
		return []byte("#!ipxe\nchain --replace ipxe/${netX/mac:hexhyp} ||\nexit\n"), true
	case strings.HasPrefix(name, "ipxe/"):
		if !s.entry {
			return []byte("#!ipxe\nexit\n"), true
		}
		return fmt.Appendf(nil, "#!ipxe\nkernel %[1]s/kernel initrd=initrd mobile-imaging-url=%[1]s/second-stage.sh\ninitrd %[1]s/initrd\nboot\n", s.base()), true
	case name == "pxelinux.cfg/default":
		return []byte("DEFAULT card\nLABEL card\nLOCALBOOT 0\n"), true
	case strings.HasPrefix(name, "b/"+token+"/"):
		return bytes.Repeat([]byte{'k'}, 64<<10), s.entry
	}
	return nil, false
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/b/"+token+"/")
	s.mu.Lock()
	entry := path
	if r.URL.RawQuery != "" {
		entry += "?" + r.URL.RawQuery
	}
	s.log = append(s.log, entry)
	status := http.StatusOK
	if list := s.answers[path]; len(list) > 0 {
		status, s.answers[path] = list[0], list[min(1, len(list)-1):]
	}
	content, found := s.files[path]
	if path == "second-stage.sh" {
		content, found = s.stage, true
	}
	if path == "event/rebooting" && status == http.StatusOK {
		s.entry = false // the boot is done, so its entry is gone
	}
	s.mu.Unlock()
	switch {
	case status != http.StatusOK:
		http.Error(w, http.StatusText(status), status)
	case found:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	default:
		_, _ = w.Write([]byte("ok\n")) // the board may have lost its power
	}
}

// answer plays these answers at a path, the last one for ever.
func (s *server) answer(path string, statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = statuses
}

// publish says whether there is a boot entry.
func (s *server) publish(entry bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entry = entry
}

// asked is how often something was asked for.
func (s *server) asked(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, entry := range s.log {
		if strings.HasPrefix(entry, prefix) {
			n++
		}
	}
	return n
}

// story is what was asked, without progress reports, repeats as one.
func (s *server) story() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := slices.DeleteFunc(slices.Clone(s.log), func(e string) bool { return strings.HasPrefix(e, "progress") })
	return slices.Compact(told)
}

// order makes the second stage of a raw image.
func (s *server) order(t *testing.T, artifacts ...live.Artifact) {
	t.Helper()
	body, err := live.Raw(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	s.script(t, "v2", body, artifacts...)
}

// script makes a second stage, by the code that makes the real ones.
func (s *server) script(t *testing.T, image, body string, artifacts ...live.Artifact) {
	t.Helper()
	text, err := live.SecondStage(live.Vars{URLs: []string{s.base()}, Server: "127.0.0.1", Syslog: s.syslog.LocalAddr().String(), Board: "board1",
		MAC: "02:00:5e:00:00:01", Rack: "r1", Hardware: "simulated", Image: image, Attempt: 3, Boot: 7, Disk: "/dev/sim0", Artifacts: artifacts}, body)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stage = text
}

// artifact puts an image on the server, packed by gzip, and says what the server knows of it.
func (s *server) artifact(t *testing.T, img Image, to string) live.Artifact {
	t.Helper()
	return s.packed(t, "system", to, makeImage(t, img))
}

// packed puts bytes on the server, packed by gzip.
func (s *server) packed(t *testing.T, name, to string, content []byte) live.Artifact {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return s.put(name, to, live.GZ, packed.Bytes(), content)
}

func (s *server) put(name, to string, pack live.Pack, served, unpacked []byte) live.Artifact {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files["artifact/"+name] = served
	return live.Artifact{Name: name, To: to, Pack: pack, Size: int64(len(served)), SHA256: digest(served), Length: int64(len(unpacked)), Unpacked: digest(unpacked)}
}

func makeImage(t *testing.T, img Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := MakeImage(&out, img, imageSize); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func digest(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}

// watched is a board whose events a test can wait for.
type watched struct {
	*Board
	mu     sync.Mutex
	heard  *sync.Cond
	events []Event
}

var boards atomic.Int32 // one address a board, in all tests of this process

// newBoard makes a board of a server, without power, and a card of its own.
func newBoard(t *testing.T, s *server, change func(c *Config)) *watched {
	t.Helper()
	n := int(boards.Add(1))
	c := Config{Name: "board1", MAC: MACOf(1), Address: AddressOf(netip.MustParseAddr("127.91.0.0"), n), Card: filepath.Join(t.TempDir(), "card"),
		CardSize: 6 << 20, Speed: testSpeed, TFTP: s.tftp, UpPort: s.http.Listener.Addr().(*net.TCPAddr).Port}
	if change != nil {
		change(&c)
	}
	w := &watched{}
	w.heard = sync.NewCond(&w.mu)
	c.OnEvent = w.hear
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.Board = b
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watched) hear(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
	w.heard.Broadcast()
}

// wait waits until the board has done something n times.
func (w *watched) wait(t *testing.T, what What, n int) {
	t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		late = true
		w.heard.Broadcast()
	})
	defer timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.count(what) < n && !late {
		w.heard.Wait()
	}
	if late {
		t.Fatalf("not %d times %s: %v", n, what, w.events)
	}
}

// count needs w.mu.
func (w *watched) count(what What) int {
	n := 0
	for _, e := range w.events {
		if e.What == what {
			n++
		}
	}
	return n
}

// story is what the board did, in order, repeats as one.
func (w *watched) story() []What {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []What
	for _, e := range w.events {
		out = append(out, e.What)
	}
	return slices.Compact(out)
}

// eventually waits until something is so that no event tells.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// runs puts an image on the board's card by hand, as if it had been there for long.
func (w *watched) runs(t *testing.T, img Image) {
	t.Helper()
	if _, err := w.card.f.WriteAt(makeImage(t, img), partition2); err != nil {
		t.Fatal(err)
	}
}
