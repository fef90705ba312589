package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is the imaging server as a script sees it: answers are played from a
// list for each path, the last one for ever; a path without a list is 200.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]int
	files   map[string][]byte
	cut     map[string]int // path → how many times the body breaks off half way
	log     []string
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{answers: map[string][]int{}, files: map[string][]byte{}, cut: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) base() string { return s.URL + "/b/token" }

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/b/token/")
	s.mu.Lock()
	entry := path
	if r.URL.RawQuery != "" {
		entry += "?" + r.URL.Query().Encode()
	}
	s.log = append(s.log, entry)
	status := http.StatusOK
	if list := s.answers[path]; len(list) > 0 {
		status = list[0]
		if len(list) > 1 {
			s.answers[path] = list[1:]
		}
	}
	content, found := s.files[path]
	broken := found && status == http.StatusOK && s.cut[path] > 0
	if broken {
		s.cut[path]--
	}
	s.mu.Unlock()
	switch {
	case status != http.StatusOK:
		http.Error(w, http.StatusText(status), status)
	case broken:
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		panic(http.ErrAbortHandler)
	case found:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	default:
		_, _ = w.Write([]byte("ok\n"))
	}
}

// asked lists what was asked for, without progress reports, repeats as one.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, entry := range s.log {
		if !strings.HasPrefix(entry, "progress") {
			list = append(list, entry)
		}
	}
	return slices.Compact(list)
}

func (s *server) count(prefix string) int {
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

// shells are the two that scripts must run under.
var shells = map[string][]string{"busybox": {"busybox", "sh"}, "dash": {"dash"}}

// onShells runs a test once under each shell of this machine.
func onShells(t *testing.T, test func(t *testing.T, b *board)) {
	t.Helper()
	for name, command := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, needed := range []string{command[0], "wget"} {
				if _, err := exec.LookPath(needed); err != nil {
					t.Skipf("%s is not installed, so its way of running board scripts is not tested (Debian: busybox-static, dash, wget)", needed)
				}
			}
			test(t, newBoard(t, command))
		})
	}
}

// board is a folder that plays a board: its disk and partitions are files.
type board struct {
	t       *testing.T
	dir     string
	shell   []string
	srv     *server
	vars    Vars
	environ []string
}

func newBoard(t *testing.T, shell []string) *board {
	t.Helper()
	b := &board{t: t, dir: t.TempDir(), shell: shell, srv: newServer(t)}
	b.vars = Vars{URLs: []string{b.srv.base()}, Board: "board1", Image: "v2", Attempt: 3, Boot: 7, Disk: filepath.Join(b.dir, "disk"), Readback: ReadbackFull}
	b.write("disk", bytes.Repeat([]byte{0xee}, 6<<20))
	b.write("mounts", nil)
	b.environ = []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + b.mkdir("tmp"), "MP_REBOOT=touch " + b.path("rebooted"), "MP_RETRY_FOR=4", "MP_RETRY_MAX=0",
		"MP_TICK=0.05",
		"MP_NODES=true", // mdev as root changes the rights of this machine's devices
		"MP_REPORT_EVERY=0", "MP_LOGGER=true", "MP_SYSLOGD=true", "MP_DROP=/dev/null", "MP_MOUNTS=" + b.path("mounts"),
		"MP_SYS=" + b.mkdir("sys"), "MP_CHUNK=65536", "MP_FREE_KB=1000000", "MP_QUIET=1", "MP_LINGER=0",
	}
	return b
}

func (b *board) path(name string) string { return filepath.Join(b.dir, name) }

func (b *board) mkdir(name string) string {
	if err := os.MkdirAll(b.path(name), 0o755); err != nil {
		b.t.Fatal(err)
	}
	return b.path(name)
}

func (b *board) write(name string, content []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), content, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *board) read(name string) []byte {
	b.t.Helper()
	content, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

func (b *board) has(name string) bool {
	_, err := os.Stat(b.path(name))
	return err == nil
}

// partition makes partition n of the disk, with what sysfs says about it.
func (b *board) partition(n int, start, size int64) {
	name := fmt.Sprintf("disk%d", n)
	b.write(name, make([]byte, size))
	b.mkdir("sys/class/block/" + name)
	b.write("sys/class/block/"+name+"/start", fmt.Appendf(nil, "%d\n", start/512))
	b.write("sys/class/block/"+name+"/size", fmt.Appendf(nil, "%d\n", size/512))
	b.write("sys/class/block/"+name+"/partition", fmt.Appendf(nil, "%d\n", n))
}

// artifact puts a file on the server and into the variables.
func (b *board) artifact(name string, served, unpacked []byte, change func(a *Artifact)) {
	a := Artifact{Name: name, To: "disk", Size: int64(len(served)), SHA256: digest(served), Length: int64(len(unpacked)), Unpacked: digest(unpacked)}
	if change != nil {
		change(&a)
	}
	b.vars.Artifacts = append(b.vars.Artifacts, a)
	b.srv.files["artifact/"+name] = served
}

// run runs a second stage to its end and returns its exit code and output.
func (b *board) run(body string, environ ...string) (int, string) {
	b.t.Helper()
	text, err := SecondStage(b.vars, body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write("second-stage.sh", text)
	return b.execute("second-stage.sh", environ...)
}

func (b *board) execute(name string, environ ...string) (int, string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, b.shell[0], append(b.shell[1:], b.path(name))...)
	command.Env = append(slices.Clone(b.environ), environ...)
	command.WaitDelay = 10 * time.Second
	output, err := command.CombinedOutput()
	if ctx.Err() != nil {
		b.t.Fatalf("the script did not end: %s", output)
	}
	if err != nil && command.ProcessState == nil {
		b.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(output)
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// noise are n bytes that do not compress and differ at every place.
func noise(n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}
