package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mozpool/cmd/mozpool/systemtest/port"
	"mozpool/netboot/boardsim"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

const (
	perRelayBoard = 5
	boardSpeed    = 20
	patience      = 90 * time.Second
)

// rack is a simulated rack that outlives its server: boards, relay boards, and the server as a child process.
type rack struct {
	t      *testing.T
	dir    string
	api    string
	ports  [4]int // API, HTTP, TFTP, syslog
	relays []*relaysim.Board
	boards *boardsim.Rack
	child  *exec.Cmd
	log    *os.File
	env    []string

	mu     sync.Mutex
	wanted map[string]string        // image, by board
	last   map[string]boardsim.What // what each board did last, before its power went
	broken []string                 // broken rules, in words
}

// binary is the server, built once with the race detector where the test has it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mozpool-crash-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mozpool")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "mozpool/cmd/mozpool")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
})

func newRack(t *testing.T, n int) *rack {
	t.Helper()
	r := &rack{t: t, dir: t.TempDir(), wanted: make(map[string]string), last: make(map[string]boardsim.What)}
	for i := range r.ports {
		r.ports[i] = port.Free(t)
	}
	r.api = fmt.Sprintf("http://127.0.0.1:%d/api/v1/", r.ports[0])
	var err error
	if r.log, err = os.Create(filepath.Join(r.dir, "server.log")); err != nil {
		t.Fatal(err)
	}
	made := make(chan struct{}) // closed once r.boards is there
	for i := range (n + perRelayBoard - 1) / perRelayBoard {
		b, err := relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: 5, OnSwitch: func(relay relayproto.Relay, on bool) {
			<-made
			r.boards.Switch(boardsim.Place{RelayBoard: i, Bank: relay.Bank, Relay: relay.Number}, on)
		}})
		if err != nil {
			t.Fatal(err)
		}
		r.relays = append(r.relays, b)
	}
	r.writeFiles(n)
	times := boardsim.DefaultTimes()
	times.Write = 8 * time.Second // a slow card, so that the deaths find boards writing
	r.boards, err = boardsim.NewRack(boardsim.RackConfig{Boards: n, Dir: r.dir, PerRelayBoard: perRelayBoard, Board: boardsim.Config{
		TFTP: addrPort(r.ports[2]), UpPort: r.ports[1], CardSize: 8 << 20, Times: times, Speed: boardSpeed, OnEvent: r.heard}})
	if err != nil {
		t.Fatal(err)
	}
	close(made)
	for _, b := range r.boards.Boards {
		b.PowerOn()
	}
	t.Cleanup(r.close)
	return r
}

// heard keeps what the boards do by their own record, and the rule that no board is cut while it works well.
func (r *rack) heard(e boardsim.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.What {
	case boardsim.PoweredOff:
		switch before := r.last[e.Board]; before {
		case boardsim.LiveUp, boardsim.Downloading, boardsim.Writing, boardsim.Written:
			r.broken = append(r.broken, fmt.Sprintf("%s was cut after %s", e.Board, before))
		default:
		}
	case boardsim.CutInWrite:
		r.broken = append(r.broken, e.Board+" was cut while it wrote")
	default:
		r.last[e.Board] = e.What
	}
}

func (r *rack) writeFiles(n int) {
	boards := "boards:\n"
	for i := range n {
		at := i % perRelayBoard
		boards += fmt.Sprintf("- {name: %s, mac: %q, rack: r1, hardware: simulated, power: \"%s:bank%d:relay%d\", address: %s}\n", boardsim.NameOf(i+1),
			boardsim.MACOf(i+1), r.relays[i/perRelayBoard].Addr(), at/8+1, at%8+1, boardsim.AddressOf(boardsim.DefaultBase, i+1))
	}
	files := map[string]string{
		"mozpool.yaml": fmt.Sprintf("server: crash\ndata: data\nfiles: files\nboards: boards.yaml\nimages: images.yaml\napi: {listen: \"127.0.0.1:%d\"}\n"+
			"racks:\n  r1: {listen: 127.0.0.1, ports: {http: %d, tftp: %d, syslog: %d}}\n", r.ports[0], r.ports[1], r.ports[2], r.ports[3]),
		"boards.yaml": boards,
		// A loader that met a dead server has gone on to its card: short limits bring it back.
		"images.yaml": "hardware:\n  simulated: {live: live/simulated, disk: /dev/sim0, keep: [\"0-2MiB\"], limits: {booting: 12s, restarting: 12s, verifying: 12s}}\n" +
			"images:\n- {name: v2, hardware: [simulated], install: raw, artifacts: [{name: system, file: v2.img, to: p2}], verify: {kind: callback}}\n" +
			"- {name: v3, hardware: [simulated], install: raw, artifacts: [{name: system, file: v3.img, to: p2}], verify: {kind: callback}}\n" + moreImages,
		"files/live/simulated/vmlinuz": strings.Repeat("k", 64<<10),
		"files/live/simulated/initrd":  strings.Repeat("i", 64<<10),
		"files/artifacts/v2.img":       imageFile(r.t, boardsim.Image{Name: "v2", Callback: true}, 4<<20),
		"files/artifacts/v3.img":       imageFile(r.t, boardsim.Image{Name: "v3", Callback: true}, 4<<20),
		"files/artifacts/talks.img":    imageFile(r.t, boardsim.Image{Name: "talks", TCP: 2022, Banner: "SSH-2.0-sim\n", HTTP: 2080}, 64<<10),
	}
	for name, text := range files {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

// moreImages are one for each other kind of proof.
const moreImages = `- {name: quiet, install: raw, artifacts: [{name: system, file: talks.img, to: p2}], verify: {kind: loader, for: 1s}}
- {name: tcp, install: raw, artifacts: [{name: system, file: talks.img, to: p2}], verify: {kind: tcp, port: 2022, expect: SSH-2.0, for: 1s}}
- {name: http, install: raw, artifacts: [{name: system, file: talks.img, to: p2}], verify: {kind: http, url: ":2080/", status: 200}}
- {name: unproven, install: raw, artifacts: [{name: system, file: talks.img, to: p2}], verify: {kind: none}}
`

func imageFile(t *testing.T, img boardsim.Image, size int64) string {
	t.Helper()
	var out bytes.Buffer
	if err := boardsim.MakeImage(&out, img, size); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// start runs the server and waits until it answers.
func (r *rack) start() {
	r.t.Helper()
	path, err := binary()
	if err != nil {
		r.t.Fatal(err)
	}
	r.child = exec.Command(path, "serve", "--config", filepath.Join(r.dir, "mozpool.yaml"))
	r.child.Stdout, r.child.Stderr = r.log, r.log
	r.child.Env = append(os.Environ(), r.env...)
	r.child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.child.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.until("the server answers", func() bool {
		res, err := http.Get(strings.Replace(r.api, "/api/v1/", "/readyz", 1))
		if err != nil {
			return false
		}
		_ = res.Body.Close() // its text is not used
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the server without a chance to tidy up.
func (r *rack) kill() {
	r.t.Helper()
	if err := r.child.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	_ = r.child.Wait() // says that it was killed
	r.child = nil
}

func (r *rack) close() {
	if r.child != nil {
		_ = r.child.Process.Kill() // it may be gone
		_ = r.child.Wait()
	}
	if err := r.boards.Close(); err != nil {
		r.t.Error(err)
	}
	for _, b := range r.relays {
		if err := b.Close(); err != nil {
			r.t.Error(err)
		}
	}
	if r.t.Failed() {
		log, _ := os.ReadFile(r.log.Name()) // without it there is less to read
		if len(log) > 8<<10 {
			log = log[len(log)-8<<10:]
		}
		r.t.Logf("the server said last:\n%s", log)
	}
	_ = r.log.Close()
}

// boardState is what the API says of a board.
type boardState struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Attempt uint32 `json:"attempt"`
	Visit   uint64 `json:"visit"`
	Image   string `json:"image"`
}

// list reads all boards; false: the server did not answer.
func (r *rack) list() ([]boardState, bool) {
	res, err := http.Get(r.api + "boards?limit=1000")
	if err != nil {
		return nil, false
	}
	defer func() { _ = res.Body.Close() }() // was read
	var all struct {
		Boards []boardState `json:"boards"`
	}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil || res.StatusCode != http.StatusOK {
		return nil, false
	}
	return all.Boards, true
}

// wish asks for image:NAME, or for another thing; the attempt is 0 where nobody acknowledged it.
func (r *rack) wish(name, what, id string) uint32 {
	what, image, ok := strings.Cut(what, ":")
	if ok {
		return r.post(name, what, id, `{"image":"`+image+`"}`)
	}
	return r.post(name, what, id, "")
}

func (r *rack) post(name, what, id, body string) uint32 {
	req, err := http.NewRequest(http.MethodPost, r.api+"boards/"+name+"/"+what, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }() // was read
	var a boardState
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusAccepted || json.Unmarshal(data, &a) != nil {
		return 0
	}
	return a.Attempt
}

// until waits for a condition, within the test's patience.
func (r *rack) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			all, _ := r.list()
			r.t.Fatalf("waited %v in vain until %s; boards: %+v", patience, what, all)
		case <-tick.C:
		}
	}
}
