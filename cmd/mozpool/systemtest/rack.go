package systemtest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

// Rack is a server and its boards, each behind its own relay of one relay board.
type Rack struct {
	Network *Network
	Relay   *relaysim.Board
	Server  *Server
	Boards  []*Board

	t   testing.TB
	dir string
}

// NewRack makes a rack of n boards that may get the images, and starts its
// server. The boards have no power: the relay board says otherwise, as after a
// power cut of the rack, and the first wish switches them.
func NewRack(t testing.TB, m Machine, n int, images ...Image) *Rack {
	t.Helper()
	need(t, m)
	r := &Rack{t: t, dir: filepath.Join(os.Getenv(inside), strings.ReplaceAll(t.Name(), "/", "-"))}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.Network = NewNetwork(t, r.dir, cmp.Or(m.bootFile, "lpxelinux.0"), n)
	for i := range n {
		r.Boards = append(r.Boards, newBoard(t, m, r.dir, i+1))
	}
	relay, err := relaysim.Listen(relayAddress+":2101", relaysim.Options{OnSwitch: r.switched})
	if err != nil {
		t.Fatal(err)
	}
	r.Relay = relay
	t.Cleanup(func() { _ = relay.Close() }) // gives no error
	r.writeFiles(m, images)
	r.Server = newServer(t, r.dir)
	r.Server.Start()
	return r
}

// need skips where the machine cannot run such boards.
func need(t testing.TB, m Machine) {
	t.Helper()
	if missing := Missing(); missing != "" {
		t.Skip(missing)
	}
	if _, err := exec.LookPath(m.command); err != nil {
		t.Skipf("%s is missing: install %s", m.command, m.packages)
	}
	for _, file := range m.needs {
		if _, err := os.Stat(file); err != nil {
			t.Skipf("%s is missing: install %s", file, m.packages)
		}
	}
}

func (r *Rack) switched(relay relayproto.Relay, on bool) {
	n := (relay.Bank-1)*relayproto.MaxNumber + relay.Number
	if n <= len(r.Boards) {
		r.Boards[n-1].orders <- on
	}
}

// writeFiles writes what an operator would.
func (r *Rack) writeFiles(m Machine, images []Image) {
	r.t.Helper()
	var boards, list strings.Builder
	boards.WriteString("boards:\n")
	for i, b := range r.Boards {
		fmt.Fprintf(&boards, "- {name: %s, mac: %q, rack: r1, hardware: %s, power: \"%s:2101:bank%d:relay%d\", address: %s}\n", b.Name, b.MAC,
			m.Hardware, relayAddress, i/relayproto.MaxNumber+1, i%relayproto.MaxNumber+1, b.Address)
	}
	fmt.Fprintf(&list, "hardware:\n  %s: {live: live/%s, append: \"console=%s panic=10\", disk: /dev/vda, keep: []}\nimages:\n", m.Hardware, m.Arch, m.Console)
	artifacts := filepath.Join(r.dir, "files", "artifacts")
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		r.t.Fatal(err)
	}
	for _, i := range images {
		list.WriteString(i.yaml(m))
		if err := i.writeTo(artifacts); err != nil {
			r.t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"boards.yaml": boards.String(), "images.yaml": list.String(),
		"mozpool.yaml": fmt.Sprintf("server: e2e\ndata: data\nfiles: files\nboards: boards.yaml\nimages: images.yaml\napi: {listen: %q}\n"+
			"racks:\n  r1: {listen: %s, ports: {http: %d, tftp: 69, syslog: 514}}\n", strings.TrimPrefix(apiURL, "http://"), ServerAddress, httpPort),
	} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	r.copyFiles(m)
}

// copyFiles copies the live environment and the loaders to where the server
// serves them from.
func (r *Rack) copyFiles(m Machine) {
	r.t.Helper()
	live := environmentDir(r.t, m, "live")
	files := map[string]string{filepath.Join(live, "vmlinuz"): "live/" + m.Arch, filepath.Join(live, "initrd"): "live/" + m.Arch}
	for _, loader := range m.boot {
		files[loader] = "boot"
	}
	for from, to := range files {
		to = filepath.Join(r.dir, "files", to)
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(to, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(from)), content, 0o644)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// Wish asks for the image on a board.
func (r *Rack) Wish(b *Board, i Image) {
	r.t.Helper()
	if _, err := r.Server.Image(ctx(r.t), b.Name, v1.ImageWish{Image: i.Name}); err != nil {
		r.t.Fatal(err)
	}
}

// Get is the board as the server sees it.
func (r *Rack) Get(b *Board) v1.Board {
	r.t.Helper()
	seen, err := r.Server.Board(ctx(r.t), b.Name)
	if err != nil {
		r.t.Fatal(err)
	}
	return seen
}

// WaitForState waits until the board is in one of the states. A rest that is
// not among them ends the wait: nothing more would come.
func (r *Rack) WaitForState(b *Board, within time.Duration, states ...board.State) v1.Board {
	r.t.Helper()
	var seen v1.Board
	r.Until(within, fmt.Sprintf("%s is in %v", b.Name, states), func() bool {
		seen = r.Get(b)
		if slices.Contains(states, seen.State) {
			return true
		}
		if strings.HasPrefix(string(seen.State), "failed_") {
			r.t.Fatalf("%s rests in %s (%+v), wanted %v", b.Name, seen.State, seen.Blame, states)
		}
		return false
	})
	return seen
}

// Until waits for a condition. Limits are wide: a busy machine triples all times.
func (r *Rack) Until(within time.Duration, what string, ok func() bool) {
	r.t.Helper()
	limit := time.After(within)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit:
			r.t.Fatalf("waited %v in vain until %s", within, what)
		case <-tick.C:
		}
	}
}

// Path is the states that the board's attempt went through, once it has ended.
func (r *Rack) Path(b *Board, attempt uint32) []board.State {
	r.t.Helper()
	a, err := r.Server.Attempt(ctx(r.t), b.Name, attempt)
	if err != nil {
		r.t.Fatal(err)
	}
	path := make([]board.State, len(a.Events))
	for i, e := range a.Events {
		path[i] = e.To
	}
	return path
}
