package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// envMain makes the test binary the program itself, so that a test runs what people run without building it once more.
const envMain = "MOZPOOL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// user is somebody with the program and a demo of a rack.
type user struct {
	t   *testing.T
	dir string // has the program, named mozpool
	url string
}

// What a demo says of where its API is: of one server, and of the third of three, which does not hold the rack.
var (
	apiOfOne   = regexp.MustCompile(`^api (\S+)$`)
	apiOfThird = regexp.MustCompile(`^server img3: .* api (\S+),`)
)

// newUser starts a demo of so many servers and waits until every board is ready. api is what tells of the server that the
// user talks to.
func newUser(t *testing.T, servers string, api *regexp.Regexp) *user {
	t.Helper()
	if raceDetector {
		t.Skip("some fifty processes of a few lines each, slow to start under the race detector, and nothing of theirs is shared")
	}
	u := &user{t: t, dir: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(u.dir, "mozpool")); err != nil {
		t.Fatal(err)
	}
	u.demo(servers, api)
	// The demo says where its API is before it has asked for everything.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		out, code := u.sh("mozpool board wait board1@1 board2@1 board3@1")
		if code == 0 {
			break
		}
		if !strings.Contains(out, "has no attempt 1 yet") || time.Now().After(deadline) {
			t.Fatalf("the demo's boards: exit %d, %s", code, out)
		}
	}
	return u
}

// demo runs the demo until the test ends, and reads where its API is.
func (u *user) demo(servers string, api *regexp.Regexp) {
	u.t.Helper()
	cmd := exec.Command(filepath.Join(u.dir, "mozpool"), "demo", "--boards", "3", "--speed", "15", "--servers", servers)
	cmd.Env = u.env()
	out, err := cmd.StdoutPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	drained := make(chan struct{})
	lines := bufio.NewScanner(out)
	for u.url == "" && lines.Scan() {
		if told := api.FindStringSubmatch(lines.Text()); told != nil {
			u.url = told[1]
		}
	}
	go func() { // ends with the demo
		defer close(drained)
		_, _ = io.Copy(io.Discard, out)
	}()
	u.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		<-drained
		if err := cmd.Wait(); err != nil {
			u.t.Errorf("the demo ended with %v", err)
		}
	})
	if u.url == "" {
		u.t.Fatal("the demo did not say where its API is")
	}
}

func (u *user) env() []string {
	return append(os.Environ(), envMain+"=1", "MOZPOOL_SERVER="+u.url, "MOZPOOL_CONTEXTS="+filepath.Join(u.dir, "contexts.yaml"), "PATH="+u.dir+":"+os.Getenv("PATH"))
}

// sh runs what a user types, and gives what they see and the exit code.
func (u *user) sh(line string, args ...string) (string, int) {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), "sh", append([]string{"-c", line, "sh"}, args...)...)
	cmd.Env = u.env()
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		u.t.Fatalf("%s: %v", line, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// stable are what differs from run to run, and what stands for it in golden files.
var stable = []struct {
	is  *regexp.Regexp
	put string
}{
	{regexp.MustCompile(`/\S*mozpool-demo-\d+`), "/DEMO"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)? ms\b`), "N ms"},
	{regexp.MustCompile(`\b\d+[smh]\b( ago)?`), "AGE"},
	{regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{16})\b`), "HASH"},
	{regexp.MustCompile(`boot \d+, visit \d+`), "boot N, visit N"}, // a machine that is busy makes a board try again
	{regexp.MustCompile(` +`), " "},
	{regexp.MustCompile(`(?m) +$`), ""},
}

func steady(text string) string {
	for _, s := range stable {
		text = s.is.ReplaceAllString(text, s.put)
	}
	return text
}

// A new user's session: what they type and what they see, exit codes included, against a running rack.
func TestSession(t *testing.T) {
	t.Parallel()
	u := newUser(t, "1", apiOfOne)
	u.session("session.txt", "session.txt")
}

// The same session with a server that does not hold the rack: golden files beside each other show what differs, which
// is names, and what a cluster has more.
func TestSessionWithAnother(t *testing.T) {
	t.Parallel()
	u := newUser(t, "3", apiOfThird)
	u.session("session.txt", "session-another.txt")
	if out, _ := u.sh("mozpool cluster racks -o json"); !strings.Contains(out, `"holder": "img1"`) {
		t.Errorf("the user's server was not another than the holder: %s", out)
	}
	for _, want := range []string{`mozpool_cluster_rack_held_current{rack="r1"} 0`, `mozpool_cluster_leader_current 1`, `mozpool_cluster_servers_current{state="vote"} 3`} {
		if out := u.metrics(); !strings.Contains(out, want+"\n") {
			t.Errorf("the metrics have no %s", want)
		}
	}
}

func (u *user) metrics() string {
	u.t.Helper()
	req, err := http.NewRequestWithContext(u.t.Context(), http.MethodGet, u.url+"/metrics", nil)
	if err != nil {
		u.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read only
	data, err := io.ReadAll(res.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(data)
}

// session types the commands of one file and compares what is seen with another.
func (u *user) session(typed, seen string) {
	u.t.Helper()
	commands := u.golden(typed)
	var got bytes.Buffer
	for line := range strings.Lines(commands) {
		typed, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok {
			continue
		}
		out, code := u.sh(typed)
		got.WriteString("$ " + typed + "\n" + steady(out))
		if code != 0 {
			got.WriteString("exit " + string(rune('0'+code)) + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", seen), got.Bytes(), 0o644); err != nil {
			u.t.Fatal(err)
		}
		return
	}
	if got.String() != u.golden(seen) {
		u.t.Errorf("the session is not as %s has it (-update writes it anew):\n%s", seen, got.String())
	}
}

func (u *user) golden(name string) string {
	u.t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(data)
}

// A script that somebody wrote who had read --help and the OpenAPI document alone images a rack. That both say so is looked
// at first.
func TestScriptFromTheDocuments(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl on this machine")
	}
	u := newUser(t, "1", apiOfOne)
	for document, says := range map[string][]string{
		"curl -fsS $MOZPOOL_SERVER/api/v1/openapi.json": {`"/api/v1/boards/{name}/image"`, `"/api/v1/boards"`, `"Idempotency-Key"`, `"attempt"`},
		"mozpool image list --help":                     {"--output", "name"},
		"mozpool board wait --help":                     {"NAME@7"},
		"mozpool board list --help":                     {"--selector", "state"},
	} {
		out, code := u.sh(document)
		for _, word := range says {
			if code != 0 || !strings.Contains(out, word) {
				t.Errorf("%s does not say %s", document, word)
			}
		}
	}
	script, err := filepath.Abs(filepath.Join("testdata", "image-a-rack.sh"))
	if err != nil {
		t.Fatal(err)
	}
	out, code := u.sh(`sh "$1" r1 demo-1.0`, script)
	if want := "board1 is ready\nboard2 is ready\nboard3 is ready\n"; code != 0 || !strings.HasSuffix(out, want) {
		t.Errorf("exit %d, %s", code, out)
	}
	if out, _ := u.sh("mozpool board attempts board1 -o name"); !strings.HasPrefix(out, "2\n") {
		t.Errorf("board1 was not imaged again: %s", out)
	}
	if out, code := u.sh(`sh "$1" r1 nope`, script); code == 0 || !strings.Contains(out, "nope") {
		t.Errorf("an image that is not there: exit %d, %s", code, out)
	}
}
