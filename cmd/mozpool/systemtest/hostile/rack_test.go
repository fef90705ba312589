package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	byHand     = "hand" // a board behind a relay whose part the test plays itself
	handMAC    = "02:00:5e:00:ff:01"
	boardSpeed = 20
	patience   = 2 * time.Minute // for machines that do other things too
)

// ports of the server, chosen by the kernel.
type ports struct{ api, http, tftp, syslog int }

// rack is a server process with simulated boards, and one board that the test plays.
type rack struct {
	t      *testing.T
	dir    string
	ports  ports
	relay  *relaysim.Board
	boards *boardsim.Rack
	child  *exec.Cmd
	out    *os.File // what the server says
	env    []string
	inside []string // command that runs the server, with it as the last arguments; nil: none
}

// binary is the server, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mozpool-hostile-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mozpool")
	if out, err := exec.Command("go", "build", "-o", path, "mozpool/cmd/mozpool").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // at worst it stays in the temporary folder
	}
	os.Exit(code)
}

// newRack makes n simulated boards; base keeps the addresses of tests apart. Nothing is started.
func newRack(t *testing.T, n int, base string) *rack {
	t.Helper()
	t.Parallel()
	r := &rack{t: t, dir: t.TempDir(), ports: ports{port.Free(t), port.Free(t), port.Free(t), port.Free(t)}}
	made := make(chan struct{}) // closed once r.boards is there
	var err error
	r.relay, err = relaysim.Listen("127.0.0.1:0", relaysim.Options{Speed: 5, OnSwitch: func(relay relayproto.Relay, on bool) {
		<-made
		r.boards.Switch(boardsim.Place{Bank: relay.Bank, Relay: relay.Number}, on)
	}})
	must(t, err)
	r.out, err = os.Create(filepath.Join(r.dir, "server.log"))
	must(t, err)
	r.writeSite(n, netip.MustParseAddr(base))
	r.boards, err = boardsim.NewRack(boardsim.RackConfig{Boards: n, Dir: r.dir, Base: netip.MustParseAddr(base), Board: boardsim.Config{
		TFTP: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(r.ports.tftp)), UpPort: r.ports.http, CardSize: 8 << 20, Speed: boardSpeed}})
	must(t, err)
	close(made)
	for _, b := range r.boards.Boards {
		b.PowerOn()
	}
	t.Cleanup(r.close)
	return r
}

func (r *rack) writeSite(n int, base netip.Addr) {
	boards := "boards:\n"
	for i := range n {
		boards += fmt.Sprintf("- {name: %s, mac: %q, rack: r1, hardware: simulated, power: \"%s:bank%d:relay%d\", address: %s}\n", boardsim.NameOf(i+1),
			boardsim.MACOf(i+1), r.relay.Addr(), i/8+1, i%8+1, boardsim.AddressOf(base, i+1))
	}
	boards += fmt.Sprintf("- {name: %s, mac: %q, rack: r1, hardware: simulated, power: \"%s:bank4:relay8\", address: %s, place: x0}\n", byHand, handMAC,
		r.relay.Addr(), boardsim.AddressOf(base, 200))
	p := r.ports
	r.write("mozpool.yaml", fmt.Sprintf("server: hostile\ndata: data\nfiles: files\nboards: boards.yaml\nimages: images.yaml\napi: {listen: \"127.0.0.1:%d\"}\n"+
		"racks:\n  r1: {listen: 127.0.0.1, ports: {http: %d, tftp: %d, syslog: %d}}\n", p.api, p.http, p.tftp, p.syslog))
	r.write("boards.yaml", boards)
	r.write("images.yaml", imagesYAML)
	r.write("secret", "nobody may read this")
	r.write("files/boot/pxelinux.0", "a loader")
	r.write("files/live/simulated/vmlinuz", strings.Repeat("k", 64<<10))
	r.write("files/live/simulated/initrd", strings.Repeat("i", 64<<10))
	var image bytes.Buffer
	must(r.t, boardsim.MakeImage(&image, boardsim.Image{Name: "v2", Callback: true}, 1<<20))
	r.write("files/artifacts/v2.img", image.String())
}

// imagesYAML has short limits: a loader that met a mute server has gone on to its card, and they bring it back.
const imagesYAML = `hardware:
  simulated: {live: live/simulated, disk: /dev/sim0, keep: ["0-2MiB"], limits: {booting: 12s, restarting: 12s, verifying: 12s}}
images:
- {name: v2, hardware: [simulated], install: raw, artifacts: [{name: system, file: v2.img, to: p2}], verify: {kind: callback}}
`

// write puts a file of the site in place whole, as a careful person does.
func (r *rack) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	must(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(r.t, os.WriteFile(path+".new", []byte(text), 0o644))
	must(r.t, os.Rename(path+".new", path))
}

func (r *rack) command(args ...string) *exec.Cmd {
	r.t.Helper()
	path, err := binary()
	must(r.t, err)
	all := append(append(slices.Clone(r.inside), path), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = append(os.Environ(), r.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start runs the server and waits until it is ready.
func (r *rack) start() {
	r.t.Helper()
	r.child = r.command("serve", "--config", filepath.Join(r.dir, "mozpool.yaml"))
	r.child.Stdout, r.child.Stderr = r.out, r.out
	must(r.t, r.child.Start())
	r.until("the server is ready", func() bool { return r.get("/readyz").status == 200 })
}

// refuses runs a server that is not to start, and gives its exit code and what it said.
func (r *rack) refuses(args ...string) (int, string) {
	r.t.Helper()
	cmd := r.command(append([]string{"serve", "--config", filepath.Join(r.dir, "mozpool.yaml")}, args...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	must(r.t, cmd.Start())
	stop := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // it runs although it should not
	defer stop.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}

func (r *rack) close() {
	if r.child != nil {
		_ = r.child.Process.Kill() // it may be gone
		_ = r.child.Wait()
	}
	if err := errors.Join(r.boards.Close(), r.relay.Close()); err != nil {
		r.t.Error(err)
	}
	if r.t.Failed() {
		said := r.said()
		r.t.Logf("the server said last:\n%s", said[max(0, len(said)-6<<10):])
	}
	_ = r.out.Close()
}

// said is all that the server has logged.
func (r *rack) said() string {
	data, err := os.ReadFile(r.out.Name())
	must(r.t, err)
	return string(data)
}
