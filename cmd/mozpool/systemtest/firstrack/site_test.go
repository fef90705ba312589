package firstrack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"mozpool/cmd/mozpool/systemtest/port"
	"mozpool/netboot/boardsim"
	"mozpool/relayproto"
	"mozpool/relayproto/relaysim"
)

// patience bounds every wait and every command.
const patience = 90 * time.Second

var boardMAC = boardsim.MACOf(1)

// site is the folder that the README's reader works in, and what stands around the server.
type site struct {
	t      *testing.T
	dir    string
	ports  [4]int // API, HTTP, TFTP, syslog
	relay  *relaysim.Board
	board  *simulated
	server *exec.Cmd
}

// simulated is the board, and what it did.
type simulated struct {
	*boardsim.Board
	t     *testing.T
	asked chan struct{} // closed when its loader has asked for its entry

	mu      sync.Mutex
	running string // image that runs
}

// built is the folder with the program, which is built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mozpool-first-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "mozpool"), "mozpool/cmd/mozpool").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); err == nil {
		_ = os.RemoveAll(dir) // at worst it is left in the temporary folder
	}
	os.Exit(code)
}

// newSite makes a folder with what the reader has downloaded, a relay board, and a board without power.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	for i := range s.ports {
		s.ports[i] = port.Free(t)
	}
	s.board = &simulated{t: t, asked: make(chan struct{})}
	var err error
	s.board.Board, err = boardsim.New(boardsim.Config{Name: "board1", MAC: boardMAC, Address: netip.MustParseAddr("127.91.0.1"),
		TFTP: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(s.ports[2])), UpPort: s.ports[1],
		Card: filepath.Join(t.TempDir(), "card"), Speed: 20, OnEvent: s.board.heard})
	if err != nil {
		t.Fatal(err)
	}
	s.relay, err = relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: 5, OnSwitch: s.board.switched})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.download()
	return s
}

func (b *simulated) switched(r relayproto.Relay, on bool) {
	switch {
	case r != relayproto.Relay{Bank: 1, Number: 1}:
		b.t.Errorf("%+v was switched, where no board hangs", r)
	case on:
		b.PowerOn()
	default:
		b.PowerOff()
	}
}

func (b *simulated) heard(e boardsim.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.What {
	case boardsim.FellThrough: // its loader asked, and had no answer but the default
		select {
		case <-b.asked:
		default:
			close(b.asked)
		}
	case boardsim.ImageUp:
		b.running = e.Text
	default:
	}
}

// holds says that the board runs the image.
func (b *simulated) holds(image string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != image {
		b.t.Errorf("the board runs %q, not %s", b.running, image)
	}
}

// switchOn gives the board power and waits until its loader has been refused.
func (s *site) switchOn() {
	s.t.Helper()
	s.board.PowerOn()
	select {
	case <-s.board.asked:
	case <-time.After(patience):
		s.t.Fatal("the board's loader did not ask")
	}
}

func (s *site) has(name string) {
	s.t.Helper()
	if info, err := os.Stat(filepath.Join(s.dir, name)); err != nil || info.Size() == 0 {
		s.t.Errorf("%s is not there, or empty: %v", name, err)
	}
}

func (s *site) hasNot(name string) {
	s.t.Helper()
	if _, err := os.Stat(filepath.Join(s.dir, name)); !errors.Is(err, os.ErrNotExist) {
		s.t.Errorf("%s is there before its time: %v", name, err)
	}
}

func (s *site) put(name string, data []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

// shell makes a command as a person types it, in the site's folder.
func (s *site) shell(line string) *exec.Cmd {
	s.t.Helper()
	dir, err := built()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command("sh", "-c", line)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), fmt.Sprintf("MOZPOOL_SERVER=http://127.0.0.1:%d", s.ports[0]))
	return c
}

// run executes a command and gives what it said on both outputs, and its exit code.
func (s *site) run(line string) (string, int) {
	s.t.Helper()
	c := s.shell(line)
	limit := time.AfterFunc(patience, func() { _ = c.Process.Kill() }) // it may have ended
	defer limit.Stop()
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s: %v", line, err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// must executes a command that has to succeed.
func (s *site) must(line string) string {
	s.t.Helper()
	out, code := s.run(line)
	if code != 0 {
		s.t.Fatalf("%s\nended with %d and said:\n%s", line, code, out)
	}
	return out
}

// serve starts the server in a terminal of its own and gives its first line, which says that it is ready.
func (s *site) serve(line string) string {
	s.t.Helper()
	s.server = s.shell("exec " + line)
	s.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := &bytes.Buffer{}
	s.server.Stderr = said
	out, err := s.server.StdoutPipe()
	if err == nil {
		err = s.server.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = s.server.Wait() // what it said tells more
		s.t.Fatalf("%s: %v; it said:\n%s", line, err, said)
	}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("the server said:\n%s", said)
		}
	})
	return ready
}

// close ends the server as a person does, and it ends in order.
func (s *site) close() {
	if s.server != nil && s.server.Process != nil {
		if err := s.server.Process.Signal(os.Interrupt); err != nil {
			s.t.Errorf("interrupt the server: %v", err)
		}
		if err := s.server.Wait(); err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	}
	if err := errors.Join(s.board.Close(), s.relay.Close()); err != nil {
		s.t.Error(err)
	}
}
